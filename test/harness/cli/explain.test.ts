// Tests of `corematrix explain` for objects, for results and for bad input.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Results } from '../../../harness/results/schema.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { FAILURES } from '../../../harness/base/failures.ts';
import { explainRun, findingsOf } from '../../../harness/explain/of-results.ts';
import { objectsOfResults } from '../../../harness/explain/sources.ts';
import { renderJson } from '../../../reports/json.ts';
import { sampleObjects } from '../bpf/object/samples.ts';
import { linkedCache, realRun, sample } from '../run/real-run.ts';
import { fourSelectors, pulledKernels } from '../../kernels/pulled.ts';
import { corematrix } from './command.ts';

let folder = '';
/** It has no modules of kernels. The machine's cache has them only if another test needed them. */
let cache = '';
let kernels: string[] = [];
let newest = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'explain-cli-'));
  kernels = await fourSelectors();
  await pulledKernels(kernels);
  cache = await linkedCache(join(folder, 'cache'), ['modules']);
  newest = kernels.at(-1)?.replace('debian:', '') ?? '';
  const paths = ['task_state', 'new_helpers', 'verifier_limits', 'subreaper_bit'].map(sample);
  const results = await realRun(paths, kernels.slice(0, 3));
  await writeFile(join(folder, 'results.json'), JSON.stringify(results));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Replaces BTF ids, places in types and the newest kernel's name, which change with new kernels. */
function steady(text: string): string {
  return text
    .replaceAll(/(candidate #\d+) \[\d+\]/g, '$1 [ID]')
    .replaceAll(/\((0[\d:]*) @ offset [\d.]+\)$/gm, '(PATH)')
    .replaceAll(/\(r(\d) \+\d+\)/g, '(r$1 +N)')
    .replaceAll(folder, 'FOLDER')
    .replaceAll(/(?<=log: FOLDER\/logs\/)[^/]+/g, 'KERNEL')
    .replaceAll(/at byte \d+/g, 'at byte N')
    .replaceAll(/: \d+ != \d+$/gm, ': N != N')
    .replaceAll(new RegExp(`(?<=[ _v:])${newest.replace('.', '[._]')}(?=[ :;,"]|$)`, 'gm'), 'NEWEST');
}

async function explain(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await corematrix(PACKAGE_ROOT, ['explain', ...args], { COREMATRIX_CACHE: cache });
  return steady([`exit ${exitCode}`, ...(stderr === '' ? [] : [stderr]), stdout].join('\n'));
}

const selected = () => kernels.flatMap((selector) => ['-k', selector]);

it('explain shows what failure classes mean, how they are decided and what to do', async () => {
  expect(await explain('map-too-big-for-this')).toContain('map-too-big-for-this: no such file');
  expect(await explain('kconfig-missing', 'infra-timeout')).toMatchInlineSnapshot(`
    "exit 0
    kconfig-missing: Kernel configuration value missing

    The object declares a __kconfig variable, and the kernel's configuration does not set it, sets a value of another type, or cannot be read.

    Stage: relocate

    How it is decided:
    - libbpf printed \`extern (kcfg) 'NAME': …\`, \`extern 'CONFIG_NAME' (strong): not resolved\` or \`failed to open system Kconfig\`.
    - A prediction finds the same in the kernel's configuration file.

    What to do: Declare the variable __weak, with the type that its value has. The loader can also set it: the kconfig option of bpf_object_open_opts (kconfig: in the configuration).

    infra-timeout: Cell took too long

    The guest was alive but did not finish the cell in time. The cell has no verdict.

    How it is decided:
    - The guest sent heartbeats, and the time of --timeout was over.
    - The custom loader did not end within command.timeout.

    What to do: Give it longer with --timeout, or command.timeout for a custom loader, or run fewer guests at a time (--jobs). A custom loader must end once the object is loaded."
  `);
  const asJson: unknown = JSON.parse((await explain('kconfig-missing', '--json')).replace(/^exit 0\n/, ''));
  expect(asJson).toEqual([{ class: 'kconfig-missing', ...FAILURES['kconfig-missing'] }]);
  expect([
    await explain('core-field-missin'),
    await explain('core_field_missing'),
    await explain('kconfig-missing', 'x.bpf.o'),
    await explain('kconfig-missing', '-k', '6.12'),
  ]).toMatchInlineSnapshot(`
    [
      "exit 2
    error: core-field-missin is no file and no failure class (did you mean core-field-missing?)
    ",
      "exit 2
    error: core_field_missing is no file and no failure class (did you mean core-field-missing?)
    ",
      "exit 2
    error: x.bpf.o is no failure class; explain failure classes in a call of their own
    ",
      "exit 2
    error: -k, -c and --loader are for objects; a failure class means the same with all of them
    ",
    ]
  `);
});

describe('objects', () => {
  it('explain lists the root causes of predicted failures', async () => {
    const samples = await sampleObjects();
    expect(await explain(...samples.map(({ path }) => path), ...selected())).toMatchSnapshot('all sample objects');
  });

  it('explain reports that an object has no predicted failures', async () => {
    expect(await explain(sample('exec_watch'), ...selected())).toMatchInlineSnapshot(`
      "exit 0
      nothing fails on 4 kernels"
    `);
  });

  it('explain applies the settings of objects in the configuration', async () => {
    const config = join(folder, 'corematrix.yaml');
    await writeFile(
      config,
      `objects:
  - path: ${sample('choices')}
    programs:
      filter_packets: { autoload: if-supported }
      filename_fentry: { autoload: if-supported }
      on_unlink: { attach_to: security_inode_unlink }
    alternatives:
      - [unlink_fentry, unlink_kprobe]
      - [newest_helper, newer_helper, oldest_helper]
      - [events, old_events]
`,
    );
    const said = async (...args: string[]) => {
      const text = await explain(sample('choices'), '-k', 'debian:5.10', ...args);
      return text.split('\n').filter((line) => /^(?:exit|\S+: )|certain|possible/.test(line));
    };
    expect([await said(), await said('-c', config)]).toMatchInlineSnapshot(`
      [
        [
          "exit 1",
          "map-type-unsupported: map type bloom_filter  [9f4e651b8380]",
          "  certain: BTF or kernel symbols decide it",
          "program-type-unsupported: program type netfilter  [9d80a9a2c651]",
          "  certain: BTF or kernel symbols decide it",
          "object-invalid: no BTF-based attach target is specified, use bpf_program__set_attach_target()  [0a0cea1505cb]",
          "  certain: the object alone decides it",
          "helper-unknown: helper bpf_ktime_get_tai_ns#208  [9484e13c448f]",
          "  certain: BTF or kernel symbols decide it",
          "helper-unknown: helper bpf_ktime_get_coarse_ns#160  [6f357bd8422d]",
          "  certain: BTF or kernel symbols decide it",
          "attach-target-missing: attach target filename_unlinkat  [351e58e67cdc]",
          "  certain: BTF or kernel symbols decide it",
        ],
        [
          "exit 0",
          "helper-unknown: helper bpf_ktime_get_tai_ns#208  [9484e13c448f]",
          "  possible: it depends on facts that BTF does not have",
          "helper-unknown: helper bpf_ktime_get_coarse_ns#160  [6f357bd8422d]",
          "  possible: it depends on facts that BTF does not have",
        ],
      ]
    `);
    expect(await explain(folder, '-c', config)).toMatchInlineSnapshot(`
      "exit 2
      error: -c is for settings of objects; results were made with their own
      "
    `);
  });

  it('explain and predict without arguments read objects and kernels from the configuration', async () => {
    const config = join(folder, 'whole.yaml');
    await writeFile(config, `kernels: [debian:6.1]\nobjects: ['${sample('task_state')}']\n`);
    const [named, configured] = [await explain(sample('task_state'), '-k', 'debian:6.1'), await explain('-c', config)];
    expect(configured).toBe(named);
    const { exitCode, stdout } = await corematrix(PACKAGE_ROOT, ['predict', '-c', config, '--json']);
    const { kernels: seen, objects } = JSON.parse(stdout);
    expect({ exitCode, kernels: seen.length, objects: objects.length }).toEqual({ exitCode: 1, kernels: 1, objects: 1 });
    await writeFile(join(folder, 'none.yaml'), 'kernels: [debian:6.1]\n');
    expect(await explain('-c', join(folder, 'none.yaml'))).toBe(
      'exit 2\nerror: FOLDER/none.yaml: it lists no objects; add objects:, or name an object on the command line\n',
    );
  });

  it('explain writes the complete explanation of objects as JSON', async () => {
    const { stdout } = await corematrix(PACKAGE_ROOT, ['explain', sample('task_state'), '--json', ...selected()]);
    const { schemaVersion, kernels: seen, causes } = JSON.parse(stdout);
    expect({ schemaVersion, kernels: seen.length, keys: causes.map((cause: object) => Object.keys(cause)) }).toMatchInlineSnapshot(`
      {
        "kernels": 4,
        "keys": [
          [
            "fingerprint",
            "class",
            "subject",
            "certainty",
            "places",
            "presence",
            "situations",
            "knownChange",
            "notReached",
            "snippet",
            "advice",
          ],
          [
            "fingerprint",
            "class",
            "subject",
            "certainty",
            "places",
            "presence",
            "situations",
            "knownChange",
            "notReached",
            "snippet",
            "advice",
          ],
        ],
        "schemaVersion": 3,
      }
    `);
  });
});

describe('results', () => {
  it('explain lists the root causes in results, with the observed failures', async () => {
    expect(await explain(folder)).toMatchSnapshot();
  });

  it('explain of one cell lists all other cells with the same root cause', async () => {
    expect(await explain(folder, '6.1/task_state')).toMatchSnapshot('a relocation');
    expect(await explain(join(folder, 'results.json'), '6.12/verifier_limits')).toMatchSnapshot('a rejection');
  });
});

it('explain uses only the results if kernels and objects no longer exist', async () => {
  const results: Results = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8'));
  const explanation = findingsOf(await explainRun(results, await objectsOfResults(results), cache, () => {}));
  const kept = join(folder, 'kept.json');
  await writeFile(kept, renderJson({ ...results, explanation }));
  const said = await corematrix(folder, ['explain', kept], { COREMATRIX_CACHE: join(folder, 'no-cache') });
  expect(steady(`exit ${said.exitCode}\n${said.stdout}`)).toBe(await explain(folder));
});

it('explain refuses bad input in one line', async () => {
  const said = [
    await explain('nowhere.bpf.o', ...selected()),
    await explain(folder, '4.4'),
    await explain(folder, '-k', 'debian:6.1'),
    await explain(folder, '6.1', '6.12'),
    await explain('nowhere.json'),
  ];
  expect(said.map((text) => text.replaceAll(folder, 'FOLDER'))).toMatchInlineSnapshot(`
    [
      "exit 2
    error: nowhere.bpf.o: no such file
    error: no object can be used
    ",
      "exit 2
    error: no kernel or object '4.4' in these results; there are kernels 5.10, 6.1, 6.12; objects task_state, new_helpers, verifier_limits, subreaper_bit
    ",
      "exit 2
    error: -k chooses kernels for objects; results have their own: name a cell instead
    ",
      "exit 2
    error: results are explained one file at a time: corematrix explain RESULTS [CELL]
    ",
      "exit 2
    error: nowhere.json: no such file; expected a results.json or the report folder it lies in
    ",
    ]
  `);
});
