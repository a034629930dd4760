// Differences between loaders and libbpf 1.7: one small object for each difference, relocated with the rules of each loader.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { LOADERS, type LoaderName } from '../../../harness/core-relo/loader.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { resolveRelo } from '../../../harness/core-relo/resolve.ts';
import { RELOCATION_KINDS } from '../../../harness/base/vocabulary.ts';
import { buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { MACROS } from './conformance/cases.ts';

const NAMES = Object.keys(LOADERS).filter((name): name is LoaderName => name in LOADERS);

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'loader-test-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
const UNSIGNED: WrittenType = { name: 'u32', kind: 1, size: 4, words: [0x00000020] };
const LONG: WrittenType = { name: 'u64', kind: 1, size: 8, words: [0x00000040] };

/** A struct with members at these offsets in bits. The default type is int. */
function struct(name: string, members: Readonly<Record<string, number>>, type = 1): WrittenType {
  const words = Object.entries(members).flatMap(([member, offset]) => [member, type, offset]);
  return { name, kind: 4, vlen: Object.keys(members).length, size: 16, words };
}

const indexOf = (types: readonly WrittenType[]) => indexNames(mustReadBtf(buildBtf(types)));
const kernelOf = (types: readonly WrittenType[], modules: KernelTypes['modules'] = []): KernelTypes => ({
  vmlinux: indexOf(types),
  modules,
});

async function objectOf(source: string): Promise<BpfObject> {
  return readBpfObject(await readFile(await compileBpf(folder, 'object', MACROS + source)), 'object');
}

/** The outcomes of the relocations by loader: `moved 4`, or the error that ends the load. */
async function outcomesByLoader(source: string, kernel: KernelTypes) {
  const object = await objectOf(source);
  return Object.fromEntries(
    NAMES.map((name) => {
      const { relocations, loads } = predictCell(object, kernel, LOADERS[name]);
      const failed = loads[0]?.errno === 0 ? [] : ['load fails'];
      return [
        name,
        [...relocations.map(({ outcome, target }) => `${outcome}${target === null ? '' : ` ${target}`}`), ...failed].join(', '),
      ];
    }),
  );
}

describe('loaders', () => {
  it('loaders remove flavors at different places of a name', async () => {
    const two = 'struct task___a___b { int pid; } access_index; PROGRAM(one) { at(task___a___b, t); out[0] = off(t->pid); return 0; }';
    expect(await outcomesByLoader(two, kernelOf([INT, struct('task', { pid: 32 })]))).toMatchInlineSnapshot(`
      {
        "aya": "moved 4",
        "cilium": "poisoned",
        "libbpf-1.1": "poisoned",
        "libbpf-1.7": "poisoned",
      }
    `);
    const four = 'struct task____b { int pid; } access_index; PROGRAM(one) { at(task____b, t); out[0] = off(t->pid); return 0; }';
    expect(await outcomesByLoader(four, kernelOf([INT, struct('task_', { pid: 32 })]))).toMatchInlineSnapshot(`
      {
        "aya": "poisoned",
        "cilium": "moved 4",
        "libbpf-1.1": "poisoned",
        "libbpf-1.7": "poisoned",
      }
    `);
    const marked = 'struct ___task { int pid; } access_index; PROGRAM(one) { at(___task, t); out[0] = off(t->pid); return 0; }';
    expect(await outcomesByLoader(marked, kernelOf([INT, struct('___task', { pid: 32 })]))).toMatchInlineSnapshot(`
      {
        "aya": "moved 4",
        "cilium": "moved 4",
        "libbpf-1.1": "moved 4",
        "libbpf-1.7": "moved 4",
      }
    `);
  });

  it('some loaders search types in modules', async () => {
    const source = 'struct task { int pid; } access_index; PROGRAM(one) { at(task, t); out[0] = off(t->pid); return 0; }';
    const modules = [{ name: 'one', index: indexOf([INT, struct('task', { pid: 32 })]) }];
    expect(await outcomesByLoader(source, kernelOf([INT], modules))).toMatchInlineSnapshot(`
      {
        "aya": "poisoned",
        "cilium": "moved 4",
        "libbpf-1.1": "moved 4",
        "libbpf-1.7": "moved 4",
      }
    `);
    expect(await outcomesByLoader(source, kernelOf([INT, struct('task', { pid: 64 })], modules))).toMatchInlineSnapshot(`
      {
        "aya": "moved 8",
        "cilium": "ambiguous, load fails",
        "libbpf-1.1": "moved 8",
        "libbpf-1.7": "moved 8",
      }
    `);
  });

  it('loaders choose among types of one name by earlier matches, by all relocations of the function, or not at all', async () => {
    const kernel = kernelOf([INT, struct('task', { pid: 0 }), struct('task', { pid: 32, id: 64 })]);
    const declared = 'struct task { int pid; int id; } access_index; ';
    expect(await outcomesByLoader(`${declared} PROGRAM(one) { at(task, t); out[0] = off(t->id); out[1] = off(t->pid); return 0; }`, kernel))
      .toMatchInlineSnapshot(`
      {
        "aya": "moved 8, ambiguous, load fails",
        "cilium": "moved 8, moved 4",
        "libbpf-1.1": "moved 8, moved 4",
        "libbpf-1.7": "moved 8, moved 4",
      }
    `);
    const others = kernelOf([INT, struct('task', { pid: 0 }), struct('task', { pid: 32 }), struct('task', { pid: 64, id: 96 })]);
    expect(await outcomesByLoader(`${declared} PROGRAM(one) { at(task, t); out[0] = off(t->id); out[1] = off(t->pid); return 0; }`, others))
      .toMatchInlineSnapshot(`
      {
        "aya": "moved 12, ambiguous, load fails",
        "cilium": "ambiguous, not-reached, load fails",
        "libbpf-1.1": "moved 12, moved 8",
        "libbpf-1.7": "moved 12, moved 8",
      }
    `);
    expect(await outcomesByLoader(`${declared} PROGRAM(one) { at(task, t); out[0] = off(t->pid); out[1] = off(t->id); return 0; }`, kernel))
      .toMatchInlineSnapshot(`
      {
        "aya": "ambiguous, not-reached, load fails",
        "cilium": "moved 4, moved 8",
        "libbpf-1.1": "ambiguous, not-reached, load fails",
        "libbpf-1.7": "ambiguous, not-reached, load fails",
      }
    `);
  });

  it('the size of a missing type is 0, poison or an error, depending on the loader', async () => {
    const source = 'struct gone { int pid; }; PROGRAM(one) { out[0] = __builtin_preserve_type_info(*(struct gone *)0, 1); return 0; }';
    expect(await outcomesByLoader(source, kernelOf([INT]))).toMatchInlineSnapshot(`
      {
        "aya": "not-reached, load fails",
        "cilium": "poisoned",
        "libbpf-1.1": "absent-guarded 0",
        "libbpf-1.7": "absent-guarded 0",
      }
    `);
  });

  it('a question about a missing type is answered with 0 by every loader', async () => {
    const source = 'struct gone { int pid; }; PROGRAM(one) { out[0] = __builtin_preserve_type_info(*(struct gone *)0, 0); return 0; }';
    expect(await outcomesByLoader(source, kernelOf([INT]))).toMatchInlineSnapshot(`
      {
        "aya": "absent-guarded 0",
        "cilium": "absent-guarded 0",
        "libbpf-1.1": "absent-guarded 0",
        "libbpf-1.7": "absent-guarded 0",
      }
    `);
  });
});

describe('what loaders make of instructions and errors', () => {
  it('some loaders adapt loads to a field of another size', async () => {
    const source = 'struct task { unsigned pid; } access_index; PROGRAM(one) { at(task, t); return t->pid; }';
    const kernel = kernelOf([UNSIGNED, LONG, struct('task', { pid: 64 }, 2)]);
    const object = await objectOf(source);
    const lines = (name: LoaderName) =>
      predictCell(object, kernel, LOADERS[name])
        .loads[0]?.log()
        .filter(({ text }) => text.includes('mem_sz')).length;
    expect(Object.fromEntries(NAMES.map((name) => [name, lines(name)]))).toMatchInlineSnapshot(`
      {
        "aya": 1,
        "cilium": 0,
        "libbpf-1.1": 1,
        "libbpf-1.7": 1,
      }
    `);
  });

  it('a load of a signed field of another size is poisoned by loaders that adapt loads, and unchanged by others', async () => {
    const source = 'struct task { int pid; } access_index; PROGRAM(one) { at(task, t); return t->pid; }';
    const signed: WrittenType = { ...LONG, words: [0x01000040] };
    expect(await outcomesByLoader(source, kernelOf([INT, signed, struct('task', { pid: 64 }, 2)]))).toMatchInlineSnapshot(`
      {
        "aya": "not-reached, load fails",
        "cilium": "moved 8",
        "libbpf-1.1": "incompatible",
        "libbpf-1.7": "incompatible",
      }
    `);
  });

  it('the size of an array field is that of the array or of its elements, depending on the loader', async () => {
    const object = await objectOf(
      'struct task { int list[4]; } access_index; PROGRAM(one) { at(task, t); out[0] = off(t->list); return 0; }',
    );
    const array: WrittenType = { kind: 3, words: [1, 1, 8] };
    const kernel = kernelOf([INT, array, struct('task', { list: 0 }, 2)]);
    const record = object.ext?.relocations.get('raw_tp/one')?.[0];
    if (!object.btf || !record) throw new Error('the relocation is missing');
    const context = { local: object.btf, kernel, log: [] };
    const sizes = NAMES.map((name) => {
      const resolved = resolveRelo({ record, index: 0, program: 'one' }, { ...context, candidates: new Map(), loader: LOADERS[name] });
      if (typeof resolved === 'number') return [name, resolved];
      const { originalSize, targetSize, unfitAccess } = resolved;
      return [name, { originalSize, targetSize, unfitAccess }];
    });
    expect(Object.fromEntries(sizes)).toMatchInlineSnapshot(`
      {
        "aya": {
          "originalSize": 16,
          "targetSize": 32,
          "unfitAccess": "error",
        },
        "cilium": {
          "originalSize": 4,
          "targetSize": 4,
          "unfitAccess": null,
        },
        "libbpf-1.1": {
          "originalSize": 16,
          "targetSize": 32,
          "unfitAccess": "poison",
        },
        "libbpf-1.7": {
          "originalSize": 4,
          "targetSize": 4,
          "unfitAccess": null,
        },
      }
    `);
  });

  it('some loaders read a sign from types that are no integers', async () => {
    const source = 'struct task { int kind; } access_index; PROGRAM(one) { at(task, t); out[0] = sign(t->kind); return 0; }';
    // The name of the first enumerator follows the header of an enum. Its number here has the form of a signed encoding.
    const enumeration: WrittenType = { name: 'kind', kind: 6, vlen: 1, size: 4, words: [0x01000000, 0] };
    const local = source.replace('int kind;', 'enum kind { ONE } kind;');
    expect(await outcomesByLoader(local, kernelOf([enumeration, struct('task', { kind: 0 })]))).toMatchInlineSnapshot(`
      {
        "aya": "resolved 0",
        "cilium": "resolved 0",
        "libbpf-1.1": "moved 1",
        "libbpf-1.7": "resolved 0",
      }
    `);
  });

  it('some loaders do not support type_matches', async () => {
    const object = await objectOf(
      'struct task { int pid; }; PROGRAM(one) { out[0] = __builtin_preserve_type_info(*(struct task *)0, 0); return 0; }',
    );
    const [section, records] = [...(object.ext?.relocations ?? [])][0] ?? [];
    if (!object.ext || section === undefined || !records) throw new Error('the relocation is missing');
    // Not every clang can write type_matches.
    const relocations = new Map([[section, records.map((record) => ({ ...record, kind: RELOCATION_KINDS.indexOf('type_matches') }))]]);
    const changed = { ...object, ext: { ...object.ext, relocations } };
    const kernel = kernelOf([INT, struct('task', { pid: 0 })]);
    expect(Object.fromEntries(NAMES.map((name) => [name, predictLoad(changed, kernel, null, LOADERS[name]).errno]))).toEqual({
      'libbpf-1.7': 0,
      'libbpf-1.1': 0,
      cilium: 0,
      aya: 22,
    });
  });

  it('a loaded module whose BTF cannot be read ends the loads of some loaders', async () => {
    const source = 'struct task { int pid; } access_index; PROGRAM(one) { at(task, t); out[0] = off(t->pid); return 0; }';
    const object = await objectOf(source);
    const kernel = { ...kernelOf([INT, struct('task', { pid: 32 })]), unreadable: [{ name: 'broken', reason: 'it is damaged' }] };
    const failures = NAMES.map((name) => [name, predictCell(object, kernel, LOADERS[name]).programs[0]?.failure?.class ?? 'loaded']);
    expect(Object.fromEntries(failures)).toMatchInlineSnapshot(`
      {
        "aya": "loaded",
        "cilium": "btf-missing",
        "libbpf-1.1": "loaded",
        "libbpf-1.7": "loaded",
      }
    `);
  });

  it('custom BTF is searched instead of the kernel and of its modules', async () => {
    const source = 'struct task { int pid; } access_index; PROGRAM(one) { at(task, t); out[0] = off(t->pid); return 0; }';
    const kernel = kernelOf([INT, struct('task', { pid: 32 })], [{ name: 'one', index: indexOf([INT, struct('task', { pid: 64 })]) }]);
    expect([
      await outcomesByLoader(source, { ...kernel, custom: indexOf([INT]) }),
      await outcomesByLoader(source, { ...kernel, custom: indexOf([INT, struct('task', { pid: 96 })]) }),
    ]).toMatchInlineSnapshot(`
      [
        {
          "aya": "poisoned",
          "cilium": "poisoned",
          "libbpf-1.1": "poisoned",
          "libbpf-1.7": "poisoned",
        },
        {
          "aya": "moved 12",
          "cilium": "moved 12",
          "libbpf-1.1": "moved 12",
          "libbpf-1.7": "moved 12",
        },
      ]
    `);
  });

  it('loaders print errors as names or numbers', async () => {
    const object = await objectOf('struct task { int pid; } access_index; PROGRAM(one) { at(task, t); out[0] = off(t->pid); return 0; }');
    const kernel = kernelOf([INT, struct('task', { pid: 0 }), struct('task', { pid: 32 })]);
    const last = (name: LoaderName) => predictCell(object, kernel, LOADERS[name]).loads[0]?.log().at(-1)?.text;
    expect(Object.fromEntries(NAMES.map((name) => [name, last(name)]))).toMatchInlineSnapshot(`
      {
        "aya": "libbpf: failed to perform CO-RE relocations: -EINVAL
      ",
        "cilium": "libbpf: failed to perform CO-RE relocations: -EINVAL
      ",
        "libbpf-1.1": "libbpf: failed to perform CO-RE relocations: -22
      ",
        "libbpf-1.7": "libbpf: failed to perform CO-RE relocations: -EINVAL
      ",
      }
    `);
  });
});
