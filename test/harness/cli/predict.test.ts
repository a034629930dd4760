// Tests of `corematrix predict`: output, exit codes and bad input.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BtfOptions, buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { sampleObjects } from '../bpf/object/samples.ts';
import { corematrix } from './command.ts';

const SOURCE = `
struct task_struct { int pid; } access_index;
struct task_struct___new { int id; } access_index;
int seen;
SEC("raw_tp/sched_switch") int old_name(u64 *ctx)
{
	seen = __builtin_preserve_field_info(((struct task_struct *)ctx[0])->pid, 0);
	return 0;
}
SEC("raw_tp/sched_switch") int new_name(u64 *ctx)
{
	struct task_struct___new *task = (void *)ctx[0];
	if (__builtin_preserve_field_info(task->id, 2))
		seen = __builtin_preserve_field_info(task->id, 0);
	return 0;
}
SEC("raw_tp/sched_switch") int who_knows(u64 *ctx)
{
	volatile u64 slot = 1;
	if (slot)
		seen = __builtin_preserve_field_info(((struct task_struct *)ctx[0])->pid, 0);
	return 0;
}
`;

const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
const taskWith = (members: readonly string[], options: BtfOptions = {}): Buffer => {
  const words = members.flatMap((name, index) => [name, 1, index * 32]);
  return buildBtf([INT, { name: 'task_struct', kind: 4, vlen: members.length, size: members.length * 4, words }], options);
};

let folder = '';
const path = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predict-cli-'));
  await copyFile(await compileBpf(folder, 'names', SOURCE), path('names.bpf.o'));
  await mkdir(path('hub/debian/x86_64'), { recursive: true });
  await writeFile(path('hub/debian/x86_64/5.10.0-1-amd64.btf'), taskWith(['state', 'pid']));
  await writeFile(path('hub/debian/x86_64/6.1.0-2-amd64.btf'), taskWith(['id']));
  await writeFile(path('damaged.btf'), taskWith(['pid']).subarray(0, 60));
  await writeFile(path('text.bpf.o'), 'int main(void);\n');
  const [sample] = await sampleObjects();
  if (sample) await writeFile(path('sample.bpf.o'), sample.bytes);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The visible output without times, which differ. */
async function predict(...args: string[]): Promise<string> {
  // The cache is empty, so that this machine's kernels have no effect, and no mirror answers.
  const env = { COREMATRIX_CACHE: path('cache'), COREMATRIX_DEBIAN_MIRROR: 'http://127.0.0.1:1/debian' };
  const { exitCode, stdout, stderr } = await corematrix(folder, ['predict', ...args], env);
  const parts = [stderr, stdout, `exit ${exitCode}`].filter((part) => part !== '');
  return parts.join('\n---\n').replaceAll(/\d+ ms/g, 'N ms');
}

describe('predict', () => {
  it('predict prints a matrix for a folder of BTF with reasons, and exits with 1 for a predicted failure', async () => {
    expect(await predict('names.bpf.o', '-k', 'btf:hub')).toMatchInlineSnapshot(`
      "             5.10  6.1
      names
        old_name     ok FAIL
        new_name     ok   ok
        who_knows    ok    ?

      fail core-field-missing: task_struct.pid: no such field (byte_off, names.bpf.c:7)
           names/old_name on 6.1
      may fail core-field-missing: task_struct.pid: no such field (byte_off, names.bpf.c:21)
           names/who_knows on 6.1

      1 fail, 1 may fail, 4 ok (2 kernels, 1 object, N ms, predicted from BTF: nothing was loaded)
      ---
      exit 1"
    `);
  });

  it('predict exits with 0 if no failure is certain', async () => {
    expect(await predict('names.bpf.o', '-k', 'btf:hub/debian/x86_64/5.10.0-1-amd64.btf')).toMatchInlineSnapshot(`
      "             5.10
      names
        old_name     ok
        new_name     ok
        who_knows    ok

      0 fail, 0 may fail, 3 ok (1 kernel, 1 object, N ms, predicted from BTF: nothing was loaded)
      ---
      exit 0"
    `);
  });

  it('predict supports big-endian objects on big-endian kernels, and reports objects of the other byte order', async () => {
    await copyFile(await compileBpf(folder, 'names', SOURCE, 'bpfeb'), path('big.bpf.o'));
    await writeFile(path('5.10.0-1-s390x.btf'), taskWith(['state', 'pid'], { little: false }));
    expect(await predict('names.bpf.o', 'big.bpf.o', '-k', 'btf:5.10.0-1-s390x.btf', '-k', 'btf:hub/debian/x86_64/6.1.0-2-amd64.btf'))
      .toMatchInlineSnapshot(`
        "             5.10  6.1
        names
          old_name   FAIL FAIL
          new_name   FAIL   ok
          who_knows  FAIL    ?
        big
          old_name     ok FAIL
          new_name     ok FAIL
          who_knows    ok FAIL

        fail object-invalid: compiled for little-endian machines, but this kernel is big-endian (clang -target bpfeb)
             names/old_name, names/new_name, names/who_knows on 5.10
        fail core-field-missing: task_struct.pid: no such field (byte_off, names.bpf.c:7)
             names/old_name on 6.1
        fail object-invalid: compiled for big-endian machines, but this kernel is little-endian (clang -target bpfel)
             big/old_name, big/new_name, big/who_knows on 6.1
        may fail core-field-missing: task_struct.pid: no such field (byte_off, names.bpf.c:21)
             names/who_knows on 6.1

        7 fail, 1 may fail, 4 ok (2 kernels, 2 objects, N ms, predicted from BTF: nothing was loaded)
        ---
        exit 1"
      `);
  });

  it('predict prints relocations in the format of libbpf', async () => {
    expect(await predict('names.bpf.o', '-k', 'btf:hub/debian/x86_64/6.1.0-2-amd64.btf', '--log')).toMatchInlineSnapshot(`
      "# names, on 6.1.0-2-amd64
      libbpf: sec 'raw_tp/sched_switch': found 4 CO-RE relocations
      libbpf: CO-RE relocating [7] struct task_struct: found target candidate [2] struct task_struct in [vmlinux]
      libbpf: prog 'old_name': relo #0: <byte_off> [7] struct task_struct.pid (0:0 @ offset 0)
      libbpf: prog 'old_name': relo #0: non-matching candidate #0 <byte_off> [2] struct task_struct (0 @ offset 0)
      libbpf: prog 'old_name': relo #0: no matching targets found
      libbpf: prog 'old_name': relo #0: substituting insn #0 w/ invalid insn
      libbpf: CO-RE relocating [10] struct task_struct___new: found target candidate [2] struct task_struct in [vmlinux]
      libbpf: prog 'new_name': relo #1: <field_exists> [10] struct task_struct___new.id (0:0 @ offset 0)
      libbpf: prog 'new_name': relo #1: matching candidate #0 <field_exists> [2] struct task_struct.id (0:0 @ offset 0)
      libbpf: prog 'new_name': relo #1: patched insn #0 (ALU/ALU64) imm 1 -> 1
      libbpf: prog 'new_name': relo #2: <byte_off> [10] struct task_struct___new.id (0:0 @ offset 0)
      libbpf: prog 'new_name': relo #2: matching candidate #0 <byte_off> [2] struct task_struct.id (0:0 @ offset 0)
      libbpf: prog 'new_name': relo #2: patched insn #2 (ALU/ALU64) imm 0 -> 0
      libbpf: prog 'who_knows': relo #3: <byte_off> [7] struct task_struct.pid (0:0 @ offset 0)
      libbpf: prog 'who_knows': relo #3: non-matching candidate #0 <byte_off> [2] struct task_struct (0 @ offset 0)
      libbpf: prog 'who_knows': relo #3: no matching targets found
      libbpf: prog 'who_knows': relo #3: substituting insn #4 w/ invalid insn
      # names, old_name alone, on 6.1.0-2-amd64
      libbpf: sec 'raw_tp/sched_switch': found 4 CO-RE relocations
      libbpf: CO-RE relocating [7] struct task_struct: found target candidate [2] struct task_struct in [vmlinux]
      libbpf: prog 'old_name': relo #0: <byte_off> [7] struct task_struct.pid (0:0 @ offset 0)
      libbpf: prog 'old_name': relo #0: non-matching candidate #0 <byte_off> [2] struct task_struct (0 @ offset 0)
      libbpf: prog 'old_name': relo #0: no matching targets found
      libbpf: prog 'old_name': relo #0: substituting insn #0 w/ invalid insn
      # names, new_name alone, on 6.1.0-2-amd64
      libbpf: sec 'raw_tp/sched_switch': found 4 CO-RE relocations
      libbpf: CO-RE relocating [10] struct task_struct___new: found target candidate [2] struct task_struct in [vmlinux]
      libbpf: prog 'new_name': relo #1: <field_exists> [10] struct task_struct___new.id (0:0 @ offset 0)
      libbpf: prog 'new_name': relo #1: matching candidate #0 <field_exists> [2] struct task_struct.id (0:0 @ offset 0)
      libbpf: prog 'new_name': relo #1: patched insn #0 (ALU/ALU64) imm 1 -> 1
      libbpf: prog 'new_name': relo #2: <byte_off> [10] struct task_struct___new.id (0:0 @ offset 0)
      libbpf: prog 'new_name': relo #2: matching candidate #0 <byte_off> [2] struct task_struct.id (0:0 @ offset 0)
      libbpf: prog 'new_name': relo #2: patched insn #2 (ALU/ALU64) imm 0 -> 0
      # names, who_knows alone, on 6.1.0-2-amd64
      libbpf: sec 'raw_tp/sched_switch': found 4 CO-RE relocations
      libbpf: CO-RE relocating [7] struct task_struct: found target candidate [2] struct task_struct in [vmlinux]
      libbpf: prog 'who_knows': relo #3: <byte_off> [7] struct task_struct.pid (0:0 @ offset 0)
      libbpf: prog 'who_knows': relo #3: non-matching candidate #0 <byte_off> [2] struct task_struct (0 @ offset 0)
      libbpf: prog 'who_knows': relo #3: no matching targets found
      libbpf: prog 'who_knows': relo #3: substituting insn #4 w/ invalid insn
      ---
      exit 1"
    `);
  });

  it('predict writes every relocation as JSON, in the format of a results file', async () => {
    const { stdout, exitCode } = await corematrix(folder, ['predict', 'names.bpf.o', '-k', 'btf:hub', '--json']);
    const { kernels, objects, cells, schemaVersion } = JSON.parse(stdout);
    expect({ exitCode, schemaVersion, objects: objects.length, kernels }).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "kernels": [
          {
            "arch": null,
            "id": "5.10.0-1-amd64",
            "release": "5.10.0-1-amd64",
            "selector": "btf:hub",
            "series": "5.10",
            "version": "5.10.0-1-amd64",
          },
          {
            "arch": null,
            "id": "6.1.0-2-amd64",
            "release": "6.1.0-2-amd64",
            "selector": "btf:hub",
            "series": "6.1",
            "version": "6.1.0-2-amd64",
          },
        ],
        "objects": 1,
        "schemaVersion": 1,
      }
    `);
    expect(cells.at(-1)).toMatchInlineSnapshot(`
      {
        "kernel": "6.1.0-2-amd64",
        "object": "names",
        "predicted": {
          "class": "core-field-missing",
          "reason": "task_struct.pid: no such field (byte_off, names.bpf.c:7)",
          "stage": "verify",
          "status": "fail",
        },
        "programs": [
          {
            "name": "old_name",
            "possible": null,
            "predicted": {
              "class": "core-field-missing",
              "reason": "task_struct.pid: no such field (byte_off, names.bpf.c:7)",
              "stage": "verify",
              "status": "fail",
            },
          },
          {
            "name": "new_name",
            "possible": null,
            "predicted": null,
          },
          {
            "name": "who_knows",
            "possible": {
              "class": "core-field-missing",
              "reason": "task_struct.pid: no such field (byte_off, names.bpf.c:21)",
              "stage": "verify",
              "status": "fail",
            },
            "predicted": null,
          },
        ],
        "relocations": [
          {
            "candidates": [
              {
                "matches": false,
                "spec": "[2] struct task_struct (0 @ offset 0)",
              },
            ],
            "local": "0",
            "outcome": "poisoned",
            "reached": "yes",
            "ref": 0,
            "suspicious": null,
            "target": null,
            "warnings": [],
          },
          {
            "candidates": [
              {
                "matches": true,
                "spec": "[2] struct task_struct.id (0:0 @ offset 0)",
              },
            ],
            "local": "1",
            "outcome": "resolved",
            "reached": null,
            "ref": 1,
            "suspicious": null,
            "target": "1",
            "warnings": [],
          },
          {
            "candidates": [
              {
                "matches": true,
                "spec": "[2] struct task_struct.id (0:0 @ offset 0)",
              },
            ],
            "local": "0",
            "outcome": "resolved",
            "reached": null,
            "ref": 2,
            "suspicious": null,
            "target": "0",
            "warnings": [],
          },
          {
            "candidates": [
              {
                "matches": false,
                "spec": "[2] struct task_struct (0 @ offset 0)",
              },
            ],
            "local": "0",
            "outcome": "poisoned",
            "reached": "unknown",
            "ref": 3,
            "suspicious": null,
            "target": null,
            "warnings": [],
          },
        ],
      }
    `);
  });
});

describe('what cannot be used', () => {
  it('predict reports unusable inputs one by one, and predicts for the rest', async () => {
    const selectors = ['btf:damaged.btf', 'btf:text.bpf.o', 'btf:nowhere', 'btf:', 'debian:6.12', '6.12', 'btf:hub/debian'];
    expect(await predict('text.bpf.o', 'names.bpf.o', ...selectors.flatMap((selector) => ['-k', selector]))).toMatchInlineSnapshot(`
      "error: text.bpf.o: not an ELF file
      error: btf:nowhere: no such file
      error: kernel selector 'btf:' names no file; expected btf:PATH
      error: debian:6.12: the cache has no such kernel, and it cannot be pulled: http://127.0.0.1:1/debian/dists/bullseye/InRelease: bad port, after 3 tries
      error: '6.12' is not a kernel selector; did you mean debian:6.12? (all forms: corematrix kernels --help)
      error: damaged.btf: truncated BTF: its sections lie beyond the end
      error: text.bpf.o: BTF of 16 bytes is shorter than its header
      ---
                   5.10  6.1
      names
        old_name     ok FAIL
        new_name     ok   ok
        who_knows    ok    ?

      fail core-field-missing: task_struct.pid: no such field (byte_off, names.bpf.c:7)
           names/old_name on 6.1
      may fail core-field-missing: task_struct.pid: no such field (byte_off, names.bpf.c:21)
           names/who_knows on 6.1

      1 fail, 1 may fail, 4 ok (2 kernels, 1 object, N ms, predicted from BTF: nothing was loaded)
      ---
      exit 1"
    `);
  });

  it('predict exits with 2 if no usable input is left', async () => {
    expect(await predict('names.bpf.o')).toMatchInlineSnapshot(`
      "error: debian:all: the cache has no such kernel, and it cannot be pulled: http://127.0.0.1:1/debian/dists/bullseye/InRelease: bad port, after 3 tries
      error: no kernel can be used
      ---
      exit 2"
    `);
    expect(await predict('nowhere.bpf.o', '-k', 'btf:hub')).toMatchInlineSnapshot(`
      "error: nowhere.bpf.o: no such file
      error: no object can be used
      ---
      exit 2"
    `);
    expect(await predict('names.bpf.o', '-k', 'btf:hub', '--json', '--log')).toMatchInlineSnapshot(`
      "error: --json and --log both write to standard output; choose one
      ---
      exit 2"
    `);
  });
});

describe('this machine', () => {
  it('predict uses the kernel of this machine if its BTF is readable', async () => {
    const host = '/sys/kernel/btf/vmlinux';
    const hasBtf = await readFile(host).then(
      () => true,
      () => false,
    );
    const { exitCode, stdout } = await corematrix(folder, ['predict', 'sample.bpf.o', '-k', hasBtf ? `btf:${host}` : 'btf:hub', '--json']);
    const prediction = JSON.parse(stdout);
    expect(prediction.cells.length).toBeGreaterThan(0);
    expect([0, 1]).toContain(exitCode);
  });

  it('predict follows the rules of a release of a loader', async () => {
    const loaders = ['libbpf@1.1', 'cilium@0.22', 'cilium', 'aya@0.13', 'libbpf-1.7'];
    const runs = await Promise.all(loaders.map(async (loader) => predict('names.bpf.o', '-k', 'btf:hub', '--loader', loader)));
    expect(runs.map((text) => text.slice(text.indexOf('---')))).toEqual(loaders.map(() => '---\nexit 1'));
    expect(runs[1]).toBe(runs[2]);
  });

  it('predict --json names the loader of each object; the default loader has no name', async () => {
    const named = await Promise.all(
      ['aya@0.14', 'libbpf@default'].map(async (loader) => {
        const { stdout } = await corematrix(folder, ['predict', 'names.bpf.o', '-k', 'btf:hub', '--json', '--loader', loader]);
        const { objects } = JSON.parse(stdout);
        return objects[0].loader ?? null;
      }),
    );
    expect(named).toEqual(['aya@0.14', null]);
  });

  /** The loader of each predicted row of names.bpf.o, or the errors, with a configuration. */
  async function rowsWith(config: string, ...args: string[]): Promise<unknown> {
    await writeFile(path('loaders.yaml'), config);
    const command = ['predict', 'names.bpf.o', '-k', 'btf:hub', '-c', 'loaders.yaml', '--json', ...args];
    const { stdout, stderr } = await corematrix(folder, command, { COREMATRIX_CACHE: path('cache') });
    const rows =
      stdout === ''
        ? []
        : JSON.parse(stdout).objects.map((row: { id: string; loader?: string }) => `${row.id} ${row.loader ?? '(default)'}`);
    return [...rows, ...stderr.split('\n').filter((line) => line !== '')];
  }

  it('predict makes one row for each loader in the configuration, as run does; --loader overrules them', async () => {
    const several = 'loaders: [libbpf@default, cilium@0.22, aya@0.13]\n';
    const ofObject = `${several}objects: [{ path: names.bpf.o, loader: aya@0.14 }]\n`;
    expect({
      several: await rowsWith(several),
      ofObject: await rowsWith(ofObject),
      overruled: await rowsWith(ofObject, '--loader', 'cilium'),
      default: await rowsWith(ofObject, '--loader', 'libbpf@default'),
    }).toMatchInlineSnapshot(`
      {
        "default": [
          "names (default)",
        ],
        "ofObject": [
          "names+aya-0.14 aya@0.14",
        ],
        "overruled": [
          "names cilium@0.22",
        ],
        "several": [
          "names (default)",
          "names+cilium-0.22 cilium@0.22",
          "names+aya-0.13 aya@0.13",
        ],
      }
    `);
  });

  it('predict follows the rules of the loader of each row', async () => {
    const local =
      'struct gone { int x; } access_index;\nint seen;\nSEC("raw_tp/sched_switch") int size(u64 *ctx)\n{\n\tseen = __builtin_preserve_type_info(*(struct gone *)0, 1);\n\treturn 0;\n}\n';
    await copyFile(await compileBpf(folder, 'gone', local), path('gone.bpf.o'));
    await writeFile(path('loaders.yaml'), 'loaders: [libbpf@default, cilium@0.22, aya@0.14]\n');
    expect(await predict('gone.bpf.o', '-k', 'btf:hub', '-c', 'loaders.yaml')).toMatchInlineSnapshot(`
      "             5.10  6.1
      gone
        size         ok   ok
      gone+cilium-0.22
        size       FAIL FAIL
      gone+aya-0.14
        size       FAIL FAIL

      fail core-type-missing: struct gone: no such type struct gone (type_size, gone.bpf.c:5)
           gone+cilium-0.22/size on 5.10, 6.1
      fail core-other: struct gone: failed to relocate: -EINVAL (type_size, gone.bpf.c:5)
           gone+aya-0.14/size on 5.10, 6.1

      4 fail, 0 may fail, 2 ok (2 kernels, 3 objects, N ms, predicted from BTF: nothing was loaded)
      ---
      exit 1"
    `);
  });

  it('predict refuses a setting that the loader of a row cannot apply, in the words of run', async () => {
    const settings = 'objects: [{ path: names.bpf.o, programs: { old_name: { type: kprobe } } }]\n';
    const several = `loaders: [aya@0.13, libbpf@default]\n${settings}`;
    expect({
      overruled: await rowsWith(settings, '--loader', 'aya@0.13'),
      several: await rowsWith(several),
      applied: await rowsWith(settings.replace('{ path', '{ loader: aya@0.13, path'), '--loader', 'libbpf@default'),
    }).toMatchInlineSnapshot(`
      {
        "applied": [
          "names (default)",
        ],
        "overruled": [
          "error: loaders.yaml:1:62: aya@0.13 cannot apply type: aya takes the type of a program only from its section name; remove the setting, or load with libbpf@default",
          "error: no object can be used",
        ],
        "several": [
          "names (default)",
          "error: loaders.yaml:2:62: aya@0.13 cannot apply type: aya takes the type of a program only from its section name; remove the setting, or load with libbpf@default",
        ],
      }
    `);
  });

  it('predict lists the possible loaders', async () => {
    expect(await predict('names.bpf.o', '-k', 'btf:hub', '--loader', 'bcc')).toMatchInlineSnapshot(`
      "error: option '--loader <name>' argument 'bcc' is invalid. expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13.
      (add --help for the possible arguments)
      ---
      exit 2"
    `);
  });
});
