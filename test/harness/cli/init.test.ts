// Tests of `corematrix init` and `corematrix plan`.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../harness/plan/config/load.ts';
import { starterConfig } from '../../../harness/plan/config/starter.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { firstForms } from '../../../kernels/selector-help.ts';
import { renderJson } from '../../../reports/json.ts';
import { type FakeMirror, fakePackage, startMirror } from '../../kernels/fixtures.ts';
import { TRUSTING } from '../../kernels/signing.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { night } from '../results/history/nights.ts';
import { sample } from '../run/real-run.ts';
import { corematrix } from './command.ts';

let folder = '';
let mirror: FakeMirror;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'init-'));
  mirror = await startMirror({
    bookworm: [fakePackage('linux-image-6.1.0-50-cloud-amd64', '6.1.176-1')],
    trixie: [fakePackage('linux-image-6.12.107+deb13-cloud-amd64', '6.12.107-1')],
  });
  await mkdir(join(folder, 'build/more'), { recursive: true });
  await mkdir(join(folder, 'node_modules/other'), { recursive: true });
  for (const name of ['task_state', 'exec_watch']) await copyFile(sample(name), join(folder, 'build', `${name}.bpf.o`));
  await copyFile(sample('tty_type'), join(folder, 'build/more/tty_type.bpf.o'));
  await copyFile(sample('tty_type'), join(folder, 'node_modules/other/tty_type.bpf.o'));
});
afterAll(async () => {
  mirror.close();
  await rm(folder, { recursive: true, force: true });
});

const env = () => ({ COREMATRIX_CACHE: join(folder, 'cache'), COREMATRIX_DEBIAN_MIRROR: mirror.address, ...TRUSTING });
async function said(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await corematrix(folder, args, env());
  return `${stdout}\n---\n${stderr.replaceAll(mirror.address, 'MIRROR').replaceAll(folder, 'FOLDER')}\nexit ${exitCode}`;
}

describe('corematrix init', () => {
  it('corematrix init names exactly the objects that it is given, not others in their folder', async () => {
    expect(await said('init', 'build/task_state.bpf.o', 'build/more/tty_type.bpf.o', '-c', 'named.yaml')).toContain(
      'named.yaml: 2 objects;',
    );
    const { objects } = parseConfig(await readFile(join(folder, 'named.yaml'), 'utf8'), 'named.yaml');
    expect(objects).toEqual(['build/task_state.bpf.o', 'build/more/tty_type.bpf.o']);
    await rm(join(folder, 'named.yaml'));
  });

  it('corematrix init names a loader only for the objects of a folder that libbpf refuses', async () => {
    const mixed = join(folder, 'mixed');
    await mkdir(mixed);
    try {
      await copyFile(sample('task_state'), join(mixed, 'plain.bpf.o'));
      const dialect = await compileBpf(folder, 'dialect', 'SEC("classifier/ingress") int ingress(void *ctx) { return 0; }\n');
      await copyFile(dialect, join(mixed, 'dialect.bpf.o'));
      expect(await said('init', 'mixed/*.bpf.o', '-c', 'mixed/corematrix.yaml')).toContain('mixed/corematrix.yaml: 2 objects;');
      const { objects } = parseConfig(await readFile(join(mixed, 'corematrix.yaml'), 'utf8'), 'corematrix.yaml');
      expect(objects).toMatchInlineSnapshot(`
        [
          "plain.bpf.o",
          {
            "loader": "cilium@0.22",
            "path": "dialect.bpf.o",
          },
        ]
      `);
    } finally {
      await rm(mixed, { recursive: true });
    }
  });

  it('corematrix init writes a configuration for the objects it finds, and never overwrites one', async () => {
    expect(await said('init')).toMatchInlineSnapshot(`
      "
      ---
      corematrix.yaml: 3 objects; "corematrix plan" shows what it runs, "corematrix run" runs it
      exit 0"
    `);
    const text = await readFile(join(folder, 'corematrix.yaml'), 'utf8');
    expect(text.replace(firstForms(), 'FORMS')).toMatchInlineSnapshot(`
      "# The configuration of "corematrix run". "corematrix plan" shows the cells that it asks for.

      # Kernels to run on, for example FORMS. All forms: corematrix kernels --help
      kernels: [debian:all]
      # If a kernel may be missing or fail to boot: { selector: debian:6.12/rt, optional: true }

      # Objects: paths or globs, relative to this file. Found:
      #   exec_watch: on_exec, on_exit
      #   tty_type: as_integer, as_either
      #   task_state: old_name, new_name, either_name
      objects:
        - build/*.bpf.o
        - build/more/*.bpf.o

      # Defaults for all objects; an object can override them. Possible: btf, pins, mode, trigger, modules, memory.
      # defaults: { mode: attach }

      # File that pins the kernels, so that every run uses the same ones. "corematrix kernels update" moves it to newer ones.
      # lock: kernels.lock.json

      # Formats of the report besides results.json and logs: html, junit, markdown, github, sarif, ctrf, tap, badge, shields.
      # formats: [html, junit, markdown]

      # File to which every run appends a line. Reports use it to show since when a program fails and which cells are flaky.
      # history: history.jsonl

      # Rules for the exit code. gate: failures; or against --baseline, regressions or regressions+new. maxInfra: cells that may have no verdict.
      # policy: { gate: failures, failOnFlaky: false, maxInfra: 0 }

      # Time limits of a cell and of a boot, in seconds, and the maximum number of guests at the same time:
      # timeout: 300
      # bootTimeout: 90
      # jobs: 2

      # Expected failures, with reasons. All other programs must pass. A program that passes although it should fail is reported (xpass).
      # "corematrix expectations update corematrix-report" writes them from the results of a run.
      # expectations:
      #   - object: exec_watch.bpf.o
      #     program: on_exec # default: every program of the object
      #     kernels: '<5.14' # default: every kernel
      #     distribution: debian # default: every distribution; arch: x86_64 works in the same way
      #     status: fail # or unsupported: any result is accepted
      #     class: core-field-missing # a failure of another class is unexpected
      #     reason: the field was added in 5.14
      #     link: https://example.org/issues/1
      #     expires: 2030-12-31 # last day on which it applies
      "
    `);
    expect(await said('init')).toMatchInlineSnapshot(`
      "
      ---
      error: corematrix.yaml exists already; --force replaces it
      exit 2"
    `);
    expect(await said('init', 'build/task_state.bpf.o', '--force')).toContain('corematrix.yaml: 1 object;');
    expect(parseConfig(await readFile(join(folder, 'corematrix.yaml'), 'utf8'), 'c')).toEqual({
      kernels: ['debian:all'],
      objects: ['build/task_state.bpf.o'],
    });
    await said('init', '--force');
  });

  it('corematrix init writes a configuration whose comments are valid settings', async () => {
    const text = await readFile(join(folder, 'corematrix.yaml'), 'utf8');
    const [, settings = ''] = text.split('# File that pins');
    const uncommented = settings.replaceAll(/^# (?=(lock|formats|history|policy|timeout|bootTimeout|jobs|expectations):| {2})/gm, '');
    expect(parseConfig(uncommented.slice(uncommented.indexOf('\n')), 'c')).toMatchObject({
      lock: 'kernels.lock.json',
      formats: ['html', 'junit', 'markdown'],
      history: 'history.jsonl',
      policy: { gate: 'failures', failOnFlaky: false, maxInfra: 0 },
      timeout: 300,
      bootTimeout: 90,
      jobs: 2,
      expectations: [
        { object: 'exec_watch.bpf.o', distribution: 'debian', status: 'fail', class: 'core-field-missing', expires: '2030-12-31' },
      ],
    });
  });

  it('corematrix init writes hostile names as text', async () => {
    const names = ['a\nkernels: [x]', '"]', "': {", '#', '\u001b[31m', 'a: b', '- c', '*', '{x}'];
    const bpf = readBpfObject(await readFile(sample('task_state')), 'task_state');
    const objects = names.map((name) => ({
      file: `/here/${name}.o`,
      bpf,
      result: { id: name, programs: [{ name, section: '', type: null, insns: 1 }] },
    }));
    for (const object of objects) {
      const text = starterConfig([object], { directory: '/here', schema: null, areNamed: false });
      expect(parseConfig(text, 'c')).toEqual({ kernels: ['debian:all'], objects: [object.file.slice(6)] });
    }
  });

  it('corematrix init refuses wrong input in one line', async () => {
    await writeFile(join(folder, 'no.o'), 'text');
    expect([
      await said('init', 'no.o', '-c', 'x.yaml'),
      await said('init', 'missing/*.o', '-c', 'x.yaml'),
      await said('init', '-c', 'no/such/x.yaml'),
    ]).toMatchInlineSnapshot(`
      [
        "
      ---
      error: no object can be used: no.o: not an ELF file
      exit 2",
        "
      ---
      error: no object can be used: missing/*.o: no file matches (in .)
      exit 2",
        "
      ---
      error: no/such/x.yaml cannot be written: FOLDER/no/such is not a folder; make it, or name another file
      exit 2",
      ]
    `);
  });
});

describe('corematrix plan', () => {
  it('corematrix plan shows the cells that would run', async () => {
    expect(await said('plan')).toMatchInlineSnapshot(`
      "OBJECT      PROGRAMS  MODE  LOADER          FILE
      exec_watch  2         load  libbpf@default  build/exec_watch.bpf.o
      task_state  3         load  libbpf@default  build/task_state.bpf.o
      tty_type    2         load  libbpf@default  build/more/tty_type.bpf.o

      KERNEL                             VERSION   SELECTOR    DOWNLOAD  LOADERS         OBJECTS
      debian-6.1.0-50-cloud-amd64        6.1.176   debian:all  1.0 MiB   libbpf@default  all
      debian-6.12.107+deb13-cloud-amd64  6.12.107  debian:all  1.0 MiB   libbpf@default  all
      ---
      2 kernels × 3 objects: 6 cells to run, 2 kernels to download (2.0 MiB)
      exit 0"
    `);
    expect(await said('plan', '--shard', '2/2')).toMatchInlineSnapshot(`
      "OBJECT      PROGRAMS  MODE  LOADER          FILE
      exec_watch  2         load  libbpf@default  build/exec_watch.bpf.o
      task_state  3         load  libbpf@default  build/task_state.bpf.o
      tty_type    2         load  libbpf@default  build/more/tty_type.bpf.o

      KERNEL                             VERSION   SELECTOR    DOWNLOAD  LOADERS         OBJECTS
      debian-6.1.0-50-cloud-amd64        6.1.176   debian:all  1.0 MiB   -               -
      debian-6.12.107+deb13-cloud-amd64  6.12.107  debian:all  1.0 MiB   libbpf@default  all
      ---
      2 kernels × 3 objects: 3 cells to run, 1 kernel to download (1.0 MiB)
      exit 0"
    `);
  });

  it('corematrix plan names expectations that match nothing, with their lines and the name that was probably meant', async () => {
    const lines = [
      'kernels: [debian:6.1, debian:6.12]',
      'objects: [build/task_state.bpf.o]',
      'expectations:',
      '  - { object: task_state.bpf.o, program: old_name, kernels: ">=6.12", status: fail, reason: renamed }',
      '  - { object: task_stat.bpf.o, status: fail, reason: renamed }',
      '  - { object: task_state.bpf.o, program: oldname, status: fail, reason: renamed }',
      '  - { object: task_state.bpf.o, kernels: "<6.1", status: fail, reason: renamed }',
    ];
    await writeFile(join(folder, 'expecting.yaml'), lines.join('\n'));
    expect(await said('plan', '-c', 'expecting.yaml')).toMatchInlineSnapshot(`
      "OBJECT      PROGRAMS  MODE  LOADER          FILE
      task_state  3         load  libbpf@default  build/task_state.bpf.o

      KERNEL                             VERSION   SELECTOR     DOWNLOAD  LOADERS         OBJECTS
      debian-6.1.0-50-cloud-amd64        6.1.176   debian:6.1   1.0 MiB   libbpf@default  all
      debian-6.12.107+deb13-cloud-amd64  6.12.107  debian:6.12  1.0 MiB   libbpf@default  all
      ---
      2 kernels × 1 object: 2 cells to run, 2 kernels to download (2.0 MiB)
      note: expecting.yaml:5:5: the expectation for every program in task_stat.bpf.o matches nothing: no object has the file name task_stat.bpf.o (did you mean task_state.bpf.o?)
      note: expecting.yaml:6:5: the expectation for oldname in task_state.bpf.o matches nothing: task_state.bpf.o has no program oldname (did you mean old_name?); it has: old_name, new_name, either_name
      note: expecting.yaml:7:5: the expectation for every program in task_state.bpf.o on <6.1 matches nothing: no kernel of the matrix is one of these kernels
      exit 0"
    `);
    expect(await said('plan', '-c', 'expecting.yaml', '-k', 'debian:6.1')).not.toContain('matches nothing');
  });

  it('corematrix plan shows the loader of each object', async () => {
    expect(await said('plan', '-k', 'debian:6.1', '--loader', 'libbpf@default', '--loader', 'libbpf@1.1')).toMatchInlineSnapshot(`
      "OBJECT                 PROGRAMS  MODE  LOADER          FILE
      exec_watch             2         load  libbpf@default  build/exec_watch.bpf.o
      exec_watch+libbpf-1.1  2         load  libbpf@1.1      build/exec_watch.bpf.o
      task_state             3         load  libbpf@default  build/task_state.bpf.o
      task_state+libbpf-1.1  3         load  libbpf@1.1      build/task_state.bpf.o
      tty_type               2         load  libbpf@default  build/more/tty_type.bpf.o
      tty_type+libbpf-1.1    2         load  libbpf@1.1      build/more/tty_type.bpf.o

      KERNEL                       VERSION  SELECTOR    DOWNLOAD  LOADERS                    OBJECTS
      debian-6.1.0-50-cloud-amd64  6.1.176  debian:6.1  1.0 MiB   libbpf@default libbpf@1.1  all
      ---
      1 kernel × 6 objects: 6 cells to run, 1 kernel to download (1.0 MiB)
      note: --loader: libbpf@1.1 cannot be checked: the mirrors have no source package of libbpf
      exit 0"
    `);
    await writeFile(join(folder, 'loaders.yaml'), `objects:\n  - { path: build/task_state.bpf.o, command: { argv: ['true'] } }\n`);
    expect(await said('plan', '-c', 'loaders.yaml', '-k', 'debian:6.1')).toMatchInlineSnapshot(`
      "OBJECT      PROGRAMS  MODE  LOADER   FILE
      task_state  3         load  command  build/task_state.bpf.o

      KERNEL                       VERSION  SELECTOR    DOWNLOAD  LOADERS  OBJECTS
      debian-6.1.0-50-cloud-amd64  6.1.176  debian:6.1  1.0 MiB   command  all
      ---
      1 kernel × 1 object: 1 cell to run, 1 kernel to download (1.0 MiB)
      exit 0"
    `);
  });

  it('corematrix plan leaves out missing optional kernels with a note', async () => {
    await mkdir(join(folder, 'elsewhere'));
    const config = join('elsewhere', 'optional.yaml');
    const kernels = (...list: string[]) => `objects: [../build/*.bpf.o]\nkernels: [${list.join(', ')}]\n`;
    const optional = (selector: string) => `{ selector: '${selector}', optional: true }`;
    await writeFile(join(folder, config), kernels(optional('debian:6.1'), 'debian:6.12', optional('debian:9.9'), optional('file:vmlinux')));
    expect(await said('plan', '-c', config)).toMatchInlineSnapshot(`
      "OBJECT      PROGRAMS  MODE  LOADER          FILE
      exec_watch  2         load  libbpf@default  build/exec_watch.bpf.o
      task_state  3         load  libbpf@default  build/task_state.bpf.o

      KERNEL                             VERSION   SELECTOR               DOWNLOAD  LOADERS         OBJECTS
      debian-6.1.0-50-cloud-amd64        6.1.176   debian:6.1 (optional)  1.0 MiB   libbpf@default  all
      debian-6.12.107+deb13-cloud-amd64  6.12.107  debian:6.12            1.0 MiB   libbpf@default  all
      ---
      optional, left out: file:elsewhere/vmlinux: no such file
      optional, left out: debian:9.9: no such kernel; the Debian mirror has 6.1, 6.12 (amd64, cloud)
      2 kernels × 2 objects: 4 cells to run, 2 kernels to download (2.0 MiB)
      exit 0"
    `);
    await writeFile(join(folder, config), kernels('debian:6.1', optional('debian:6.1')));
    expect(await said('plan', '-c', config)).toMatchInlineSnapshot(`
      "OBJECT      PROGRAMS  MODE  LOADER          FILE
      exec_watch  2         load  libbpf@default  build/exec_watch.bpf.o
      task_state  3         load  libbpf@default  build/task_state.bpf.o

      KERNEL                       VERSION  SELECTOR    DOWNLOAD  LOADERS         OBJECTS
      debian-6.1.0-50-cloud-amd64  6.1.176  debian:6.1  1.0 MiB   libbpf@default  all
      ---
      1 kernel × 2 objects: 2 cells to run, 1 kernel to download (1.0 MiB)
      exit 0"
    `);
    await writeFile(join(folder, config), kernels("{ selector: 'debian:6.1', required: true }"));
    expect(await said('plan', '-c', config)).toMatchInlineSnapshot(`
      "
      ---
      error: elsewhere/optional.yaml:2:37: unknown key "required"; possible here: selector, optional
      exit 2"
    `);
  });

  it('corematrix plan leaves out cells that an earlier run settled', async () => {
    const earlier = night({ day: 1, statuses: ['fail', 'pass'] });
    const kernels = earlier.kernels.slice(1).map((kernel) => ({ ...kernel, id: 'debian-6.12.107+deb13-cloud-amd64' }));
    const cells = earlier.cells.slice(1).map((cell) => ({ ...cell, kernel: 'debian-6.12.107+deb13-cloud-amd64', object: 'task_state' }));
    const objects = earlier.objects.map((object) => ({ ...object, id: 'task_state' }));
    await writeFile(join(folder, 'earlier.json'), renderJson({ ...earlier, kernels, objects, cells }));
    expect(await said('plan', 'build/task_state.bpf.o', '-k', 'debian:6.12', '--baseline', 'earlier.json', '--last-failed', '--json'))
      .toMatchInlineSnapshot(`
        "{
          "kernels": [
            {
              "kernel": "debian-6.12.107+deb13-cloud-amd64",
              "version": "6.12.107",
              "selector": "debian:6.12",
              "optional": false,
              "cached": false,
              "download": 1054400,
              "loaders": [],
              "run": [],
              "skipped": [
                {
                  "object": "task_state",
                  "reason": "pass in the earlier run"
                }
              ]
            }
          ],
          "objects": [
            {
              "object": "task_state",
              "file": "build/task_state.bpf.o",
              "programs": 3,
              "loader": "libbpf@default",
              "mode": "load"
            }
          ],
          "unusedExpectations": [],
          "expiredExpectations": []
        }
        ---

        exit 0"
      `);
  });

  it('corematrix plan refuses wrong input in one line', async () => {
    expect(await said('plan', '--frozen')).toMatchInlineSnapshot(`
      "
      ---
      error: --frozen needs a lock file: "corematrix kernels lock -o kernels.lock.json", and lock: kernels.lock.json in corematrix.yaml
      exit 2"
    `);
    expect(await said('plan', '-k', 'debian:9.9')).toMatchInlineSnapshot(`
      "
      ---
      error: debian:9.9: no such kernel; the Debian mirror has 6.1, 6.12 (amd64, cloud)
      exit 2"
    `);
  });
});

describe('a configuration', () => {
  it('corematrix plan shows expired expectations and the policy of the configuration', async () => {
    const lines = [
      'kernels: [debian:6.1]',
      'objects: [build/task_state.bpf.o]',
      'policy: { gate: regressions, failOnFlaky: true, maxInfra: 2 }',
      'expectations:',
      '  - { object: task_state.bpf.o, program: old_name, status: fail, reason: renamed, expires: 2026-01-31 }',
    ];
    await writeFile(join(folder, 'expired.yaml'), lines.join('\n'));
    expect((await said('plan', '-c', 'expired.yaml')).split('---\n')[1]).toMatchInlineSnapshot(`
      "1 kernel × 1 object: 1 cell to run, 1 kernel to download (1.0 MiB)
      policy for the exit code: gate regressions needs --baseline; without it every unexpected failure counts; a cell that needed more than one attempt counts; up to 2 infrastructure failures do not count
      note: expired.yaml:5:5: the expectation for old_name in task_state.bpf.o expired on 2026-01-31 and is ignored
      exit 0"
    `);
    const { expiredExpectations, policy } = JSON.parse((await said('plan', '-c', 'expired.yaml', '--json')).split('\n---\n')[0] ?? '');
    expect({ expiredExpectations, policy }).toMatchInlineSnapshot(`
      {
        "expiredExpectations": [
          {
            "at": "expired.yaml:5:5",
            "expectation": "old_name in task_state.bpf.o",
            "expired": "2026-01-31",
          },
        ],
        "policy": {
          "failOnFlaky": true,
          "gate": "regressions",
          "maxInfra": 2,
        },
      }
    `);
  });

  it('corematrix plan names all faults of a configuration at once: those of its form, and those of its settings', async () => {
    const lines = [
      'kernels: [debian:6.1, debian:6..1]',
      'objects:',
      '  - { path: build/task_state.bpf.o, name: "a b", modees: 1, programs: { oldname: { autoload: false } } }',
      '  - { paths: build/task_state.bpf.o }',
      '  - { path: build/more/tty_type.bpf.o, variables: { no_such: 1 } }',
    ];
    await writeFile(join(folder, 'faults.yaml'), lines.join('\n'));
    expect(await said('plan', '-c', 'faults.yaml')).toMatchInlineSnapshot(`
      "
      ---
      error: faults.yaml: 6 errors
      faults.yaml:1:23: kernels.1: kernel selector 'debian:6..1': '6..1' is not a range of kernel versions; expected for example 6.12, <5.14 or >=5.10,<=6.12; debian:all means every series
      faults.yaml:3:43: objects.0.name: expected letters, digits, and any of . _ + -
      faults.yaml:3:50: unknown key "modees" (did you mean modules?); possible here: path, name, programs, maps, alternatives, variables, kconfig, btf, pins, mode, trigger, check, modules, loader, memory, command
      faults.yaml:4:7: unknown key "paths" (did you mean path?); possible here: path, name, programs, maps, alternatives, variables, kconfig, btf, pins, mode, trigger, check, modules, loader, memory, command
      faults.yaml:3:82: no program "oldname" in the object (did you mean old_name?); it has: old_name, new_name, either_name
      faults.yaml:5:62: no variable "no_such" in the object; it has: kind
      exit 2"
    `);
  });

  it('a configuration without objects or kernels is named', async () => {
    await writeFile(join(folder, 'empty.yaml'), '# nothing\n');
    await writeFile(join(folder, 'objects.yaml'), 'objects: [build/task_state.bpf.o]\n');
    await writeFile(join(folder, 'kernels.yaml'), 'kernels: [debian:6.1]\n');
    const all = [];
    for (const command of ['plan', 'predict']) for (const name of ['empty.yaml', 'kernels.yaml']) all.push(await said(command, '-c', name));
    expect([...all, await said('plan', '-c', 'objects.yaml'), await said('plan', '-c', '')]).toMatchInlineSnapshot(`
      [
        "
      ---
      error: empty.yaml: the configuration is empty; expected kernels: and objects: ("corematrix init" writes them)
      exit 2",
        "
      ---
      error: kernels.yaml: it lists no objects; add objects:, or name one: corematrix run prog.bpf.o -c kernels.yaml
      exit 2",
        "
      ---
      error: empty.yaml: it lists no objects; add objects:, or name an object on the command line
      exit 2",
        "
      ---
      error: kernels.yaml: it lists no objects; add objects:, or name an object on the command line
      exit 2",
        "
      ---
      error: objects.yaml: it lists no kernels; add kernels:, or give -k, for example "-k debian:all"
      exit 2",
        "
      ---
      error: --config "": no such configuration; "corematrix init" writes one
      exit 2",
      ]
    `);
  });
});
