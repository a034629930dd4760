import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Btf, kindOf, nameOf, readBtf } from '../../../../harness/bpf/btf/btf.ts';
import { indexNames, typesWithEssentialName, typesWithName } from '../../../../harness/bpf/btf/names.ts';
import { readElf, sectionNamed } from '../../../../harness/bpf/elf/elf.ts';
import { findType, memberOf, resolveType, sizeOf } from '../../../../harness/bpf/btf/types.ts';
import { essentialName } from '../../../../harness/bpf/btf/essential-name.ts';
import { mustReadBtf, sampleObjects } from '../object/samples.ts';
import { ALL_SERIES, pulledBtf, pulledBtfs } from '../../../kernels/pulled.ts';
import { buildBtf, type WrittenType } from './build-btf.ts';
import { rawDump } from './raw-dump.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'btf-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function bpftool(...args: string[]): Promise<string[]> {
  const { stdout } = await execa('bpftool', ['btf', 'dump', 'file', ...args], { maxBuffer: 2 ** 28 });
  return stdout.split('\n');
}

/** The path of a BTF file with the BTF section of an object. */
async function writtenOut(btf: Buffer): Promise<string> {
  const path = join(folder, 'btf');
  await writeFile(path, btf);
  return path;
}

/** Compares the lines of two dumps. Only the first difference is reported, because the dump of a kernel is long. */
function firstDifference(actual: readonly string[], expected: readonly string[]) {
  const at = expected.findIndex((line, index) => line !== actual[index]);
  return actual.length === expected.length && at < 0 ? null : { at, actual: actual[at], expected: expected[at], length: actual.length };
}

const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
const EVERY_KIND: readonly WrittenType[] = [
  INT,
  { kind: 2, size: 1 },
  { kind: 3, words: [1, 1, 7] },
  { name: 'pair', kind: 4, vlen: 2, size: 8, words: ['a', 1, 0, 'b', 1, 32] },
  { name: 'either', kind: 5, kindFlag: true, vlen: 2, size: 4, words: ['low', 1, 0x03000000, 'high', 1, 0x05000003] },
  { name: 'colour', kind: 6, kindFlag: true, vlen: 2, size: 4, words: ['RED', 0, 'NONE', 0xffffffff] },
  { name: 'elsewhere', kind: 7, kindFlag: true },
  { name: 'pair_t', kind: 8, size: 4 },
  { kind: 9, size: 1 },
  { kind: 10, size: 1 },
  { kind: 11, size: 2 },
  { kind: 13, vlen: 2, size: 1, words: ['first', 1, 0, 0] },
  { name: 'f', kind: 12, vlen: 1, size: 12 },
  { name: 'v', kind: 14, size: 1, words: [1] },
  { name: '.data', kind: 15, vlen: 1, size: 4, words: [14, 0, 4] },
  { name: 'double', kind: 16, size: 8 },
  { name: 'mark', kind: 17, size: 4, words: [0xffffffff] },
  { name: 'user', kind: 18, size: 1 },
  { name: 'wide', kind: 19, vlen: 1, size: 8, words: ['BIG', 1, 0x80000000] },
];

describe('types', () => {
  it('BTF types of sample objects equal those that bpftool dumps', async () => {
    for (const { path, bytes } of await sampleObjects()) {
      const read = readElf(bytes);
      const section = read.ok ? sectionNamed(read.elf, '.BTF') : undefined;
      expect(rawDump(mustReadBtf(section?.bytes ?? new Uint8Array()))).toEqual(await bpftool(path));
    }
  });

  // COREMATRIX_TEST_KERNELS=all reads every series of the mirror.
  it('BTF types of the oldest and the newest kernel equal those that bpftool dumps', async () => {
    const kernels = await pulledBtfs();
    const chosen = ALL_SERIES ? kernels : [...new Set([...kernels.slice(0, 1), ...kernels.slice(-1)])];
    for (const { path } of chosen) {
      expect(firstDifference(rawDump(mustReadBtf(await readFile(path))), await bpftool(path))).toBe(null);
    }
  });

  it.each([true, false])('BTF types of every kind are read in both byte orders: little endian %s', async (little) => {
    const bytes = buildBtf(EVERY_KIND, { little });
    const btf = mustReadBtf(bytes);
    expect(btf.littleEndian).toBe(little);
    expect(rawDump(btf)).toEqual(await bpftool(await writtenOut(buildBtf(EVERY_KIND))));
  });

  it('BTF is read at any address, and after a header that is longer than known', () => {
    const bytes = Buffer.concat([Buffer.from('x'), buildBtf(EVERY_KIND, { moreHeader: 12 })]).subarray(1);
    expect(rawDump(mustReadBtf(bytes))).toEqual(rawDump(mustReadBtf(buildBtf(EVERY_KIND))));
  });

  it('BTF types of unknown kinds are skipped by the layout section', () => {
    const layout = Array.from({ length: 22 }, (_, kind) => (kind === 21 ? ([4, 8] as const) : ([0, 0] as const)));
    const future: WrittenType = { name: 'future', kind: 21, vlen: 2, words: [1, 2, 3, 4, 5] };
    const btf = mustReadBtf(buildBtf([INT, future, { name: 'alias', kind: 8, size: 1 }], { layout }));
    expect([1, 2, 3].map((id) => `${kindOf(btf, id)} ${nameOf(btf, id)}`)).toEqual(['int int', 'unknown future', 'typedef alias']);
    expect(sizeOf(btf, 2)).toBe(null);
    expect(readBtf(buildBtf([INT, future]))).toEqual({ ok: false, reason: 'BTF type 2 is of kind 21, which is not known' });
  });
});

describe('BTF of a module', () => {
  const base = buildBtf([INT, { name: 'pair', kind: 4, vlen: 1, size: 4, words: ['member', 1, 0] }]);
  const own = (stringStart: number) =>
    buildBtf(
      [
        { name: 'triple', kind: 4, vlen: 2, size: 8, words: ['inner', 2, 0, 'count', 1, 32] },
        { kind: 2, size: 3 },
        { name: 'pair___mod', kind: 4, size: 1 },
      ],
      { stringStart },
    );
  const stringsOf = (bytes: Buffer) => bytes.readUInt32LE(20);

  it('BTF of a module continues ids and strings of its kernel, as bpftool reads it', async () => {
    const module = own(stringsOf(base));
    const btf = mustReadBtf(module, mustReadBtf(base));
    const [basePath, modulePath] = [join(folder, 'base'), join(folder, 'module')];
    await writeFile(basePath, base);
    await writeFile(modulePath, module);
    expect(rawDump(btf)).toEqual(await bpftool(modulePath, '--base-btf', basePath));
    expect({ ids: [btf.startId, btf.endId], member: memberOf(btf, 3, 0), size: sizeOf(btf, 2), pair: nameOf(btf, 2) }).toEqual({
      ids: [3, 6],
      member: { name: 'inner', type: 2, bitOffset: 0, bitSize: 0 },
      size: 4,
      pair: 'pair',
    });
  });

  it('BTF of a module has a name index of its own, with names from the strings of its kernel', () => {
    const btf = mustReadBtf(own(stringsOf(base)), mustReadBtf(base));
    const index = indexNames(btf);
    const found = (name: string) => typesWithEssentialName(index, name);
    expect({ pair: found('pair'), triple: found('triple'), exact: typesWithName(index, 'pair') }).toEqual({
      pair: [5],
      triple: [3],
      exact: [],
    });
  });
});

describe('names', () => {
  it('a name finds all types that have it, with any flavor, also at the end of a longer string', () => {
    const types: WrittenType[] = [
      { name: 'sample', kind: 4 },
      { name: 'sample___x', kind: 4 },
      { name: 'sample', kind: 8, size: 1 },
      { name: 'sampler', kind: 4 },
      { name: 'a_sample', kind: 4 },
      { name: 'sample____', kind: 4 },
    ];
    const index = indexNames(mustReadBtf(buildBtf(types)));
    expect({ flavors: typesWithEssentialName(index, 'sample'), exact: typesWithName(index, 'sample') }).toEqual({
      flavors: [1, 2, 3],
      exact: [1, 3],
    });
  });

  it('only the last of several flavors in a name is removed', () => {
    const names = ['one___two___three', 'one___two', 'one', '___one', 'one____two', 'one___', 'a_b___c', 'one___two____x'];
    const index = indexNames(mustReadBtf(buildBtf(names.map((name) => ({ name, kind: 4 })))));
    const found = (name: string) => typesWithEssentialName(index, name).map((id) => names[id - 1]);
    const essential = [...new Set(names.map(essentialName))];
    expect(essential.map((name) => [name, found(name)])).toEqual(
      essential.map((name) => [name, names.filter((each) => essentialName(each) === name)]),
    );
  });

  it('the name index of a kernel finds what a scan over all types finds', async () => {
    const { path } = await pulledBtf('debian:6.12');
    const btf = mustReadBtf(await readFile(path));
    const index = indexNames(btf);
    const byName = new Map<string, number[]>();
    for (let id = 1; id < btf.endId; id++) {
      const name = essentialName(nameOf(btf, id));
      const ids = byName.get(name);
      if (ids) ids.push(id);
      else byName.set(name, [id]);
    }
    for (const name of ['task_struct', 'irq_info', 'int', 'sk_buff', 'state', 'bpf_map_type', 'no_such_type', 'x', 'file']) {
      expect([name, typesWithEssentialName(index, name)]).toEqual([name, byName.get(name) ?? []]);
    }
    expect(findType(btf, 'struct', 'task_struct')).toBe(typesWithName(index, 'task_struct')[0]);
  });
});

describe('sizes', () => {
  const chain = (length: number): Btf =>
    mustReadBtf(buildBtf([INT, ...Array.from({ length }, (_, index): WrittenType => ({ name: 't', kind: 8, size: index + 1 }))]));

  it('type sizes equal those of libbpf, which follows at most 32 types', () => {
    expect([sizeOf(chain(31), 32), sizeOf(chain(32), 33), sizeOf(chain(1), 99)]).toEqual([4, null, null]);
    const arrays = mustReadBtf(
      buildBtf([INT, { kind: 3, words: [1, 1, 5] }, { kind: 3, words: [2, 1, 3] }, { kind: 3, words: [2, 1, 0x40000000] }]),
    );
    expect([sizeOf(arrays, 2), sizeOf(arrays, 3), sizeOf(arrays, 4)]).toEqual([20, 60, null]);
  });

  it('the size of a circular type is null', () => {
    const circle = mustReadBtf(
      buildBtf([
        { name: 'a', kind: 8, size: 2 },
        { name: 'b', kind: 8, size: 1 },
        { kind: 3, words: [3, 3, 1] },
      ]),
    );
    expect([resolveType(circle, 1), sizeOf(circle, 1), sizeOf(circle, 3)]).toEqual([0, null, null]);
  });
});
