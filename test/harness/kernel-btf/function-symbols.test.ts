// Tests of the index of functions with a symbol: what it finds, and that a damaged one is made again.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FindSymbol } from '../../../harness/core-relo/candidates.ts';
import { functionSymbols, plainSymbols, readFunctions, writeFunctions } from '../../../harness/kernel-btf/function-symbols.ts';
import { kallsymsTables, someSymbols } from '../../kernels/image/kallsyms-tables.ts';

const IMAGE = 'a'.repeat(64);

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'function-symbols-'))));
beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function finderOf(names: readonly string[]): FindSymbol {
  const symbols = names.map((text) => {
    const [type = '', name = ''] = text.split(' ');
    return { name, type, offset: 0 };
  });
  const read = readFunctions(writeFunctions(plainSymbols(symbols), IMAGE), IMAGE);
  if (!read.valid || !read.symbols) throw new Error('no index');
  return read.symbols.find;
}

test('a function has its symbol, or the first variant that is not its cold part, or none', () => {
  const find = finderOf([
    'T vfs_read',
    't vfs',
    'W weak',
    'D data',
    't split.cold',
    't split.part.0',
    't split.isra.0',
    't only.cold',
    't linked.llvm.123',
    't odd.0',
    't odd.1.part.0',
    't zebra.constprop.0.isra.1',
    't zebra',
    't __pfx_vfs_read',
  ]);
  const names = ['vfs_read', 'vfs', 'weak', 'data', 'split', 'only', 'linked', 'odd', 'zebra', 'vfs_', 'a', 'zz', 'split.cold', 'zebra.x'];
  expect(
    Object.fromEntries(
      names.map((name) => {
        const found = find(name);
        return [name, found.kind === 'variant' ? found.variant : found.kind];
      }),
    ),
  ).toEqual({
    vfs_read: 'found',
    vfs: 'found',
    weak: 'found',
    data: 'data',
    split: 'split.part.0',
    only: 'only.cold',
    linked: 'found',
    odd: 'missing',
    zebra: 'found',
    vfs_: 'missing',
    a: 'missing',
    zz: 'missing',
    'split.cold': 'found',
    'zebra.x': 'missing',
  });
  // The index leaves these names out.
  expect(find('__pfx_none')).toEqual({ kind: 'found' });
});

test('only a symbol in the code of the kernel is a function; one in init memory is a function that the kernel frees', () => {
  const text = `_text T 0, stays t 1, late t 1, _etext T 100, variable T 200, stays T 210, _etext.0 t 220,
    __init_begin T 300, setup t 300, late t 310, changed.isra.0 t 320, __init_end D 400, after T 400, absolute T null`;
  const symbols = text.split(',').map((each) => {
    const [name = '', type = '', offset = ''] = each.trim().split(' ');
    return { name, type, offset: offset === 'null' ? null : Number(offset) };
  });
  const read = readFunctions(writeFunctions(plainSymbols(symbols), IMAGE), IMAGE);
  const find = read.valid ? read.symbols?.find : null;
  const kinds = ['stays', 'variable', 'after', 'absolute', 'setup', 'late', 'changed', 'changed.isra.0'].map((name) => {
    const found = find?.(name);
    return `${name}: ${found?.kind === 'variant' ? found.variant : found?.kind}`;
  });
  expect(kinds).toEqual([
    'stays: found',
    'variable: data',
    'after: data',
    'absolute: found',
    'setup: init',
    'late: found',
    'changed: changed.isra.0',
    'changed.isra.0: init',
  ]);
});

test('a name has the number of its symbols, and whether the kernel traces none of its functions', () => {
  const text =
    '_text T 0, traced T 16, alias t 16, asm t 32, twice t 48, twice t 64, never t 80, never t 96, both t 112, both d 200, last T 128, mixed t 144, mixed D 208';
  const symbols = text.split(', ').map((each) => {
    const [name = '', type = '', offset = ''] = each.split(' ');
    return { name, type, offset: Number(offset) };
  });
  const kinds = (places: readonly number[] | null) => {
    const read = readFunctions(writeFunctions({ ...plainSymbols(symbols), places }, IMAGE), IMAGE);
    const find = read.valid ? read.symbols?.find : null;
    return ['_text', 'traced', 'alias', 'asm', 'twice', 'never', 'both', 'last', 'mixed'].map(
      (name) => `${name} ${JSON.stringify(find?.(name))}`,
    );
  };
  expect(kinds([20, 68, 116, 128])).toEqual([
    '_text {"kind":"found","isNotrace":true}',
    'traced {"kind":"found"}',
    'alias {"kind":"found"}',
    'asm {"kind":"found","isNotrace":true}',
    'twice {"kind":"found","count":2}',
    'never {"kind":"found","count":2,"isNotrace":true}',
    'both {"kind":"found","count":2}',
    'last {"kind":"found"}',
    'mixed {"kind":"found","count":2,"isNotrace":true}',
  ]);
  expect(kinds(null).filter((line) => line.includes('isNotrace'))).toEqual([]);
});

test('an index knows whether a program can attach to a function that matches a pattern', () => {
  const text = '_text T 0, vfs_read T 16, vfs_write t 32, twice t 48, twice t 64, first.isra.0 t 80, data d 96';
  const symbols = text.split(', ').map((each) => {
    const [name = '', type = '', offset = ''] = each.split(' ');
    return { name, type, offset: Number(offset) };
  });
  const read = readFunctions(writeFunctions({ ...plainSymbols(symbols), places: [16, 48, 80] }, IMAGE), IMAGE);
  const hasTraced = (pattern: string) => read.valid && read.symbols?.hasTraced(pattern) === true;
  expect(['vfs_*', 'vfs_rea?', '*ice', 'first*', 'first.isra.?', '*'].filter(hasTraced)).toHaveLength(6);
  expect(['vfs_w*', '_te*', 'dat?', 'vfs_?', 'x*', 'firstxisra*', 'vfs_read?'].filter(hasTraced)).toEqual([]);
});

test('an index keeps what the image lists about functions to attach to', () => {
  const symbols = ['first', 'second', 'first'].map((name, index) => ({ name, type: 't', offset: index * 16 }));
  const plain = new Map([
    ['btf_id_deny', [3, 5]],
    ['btf_allowlist_d_path', [4]],
  ]);
  const places = { injected: new Set([16]), sets: { plain, flagged: [7, 6] } };
  const read = readFunctions(writeFunctions({ ...plainSymbols(symbols), ...places }, IMAGE), IMAGE);
  const kept = read.valid ? read.symbols : null;
  expect(kept?.rules).toEqual({ errorInjection: 'listed', sets: new Map([['btf_id_deny', new Set([3, 5])]]), flagged: new Set([6, 7]) });
  expect([kept?.find('first'), kept?.find('second')]).toEqual([
    { kind: 'found', count: 2 },
    { kind: 'found', isInjected: true },
  ]);
  const unknown = readFunctions(writeFunctions(plainSymbols(symbols), IMAGE), IMAGE);
  expect(unknown.valid && unknown.symbols?.rules).toEqual({ errorInjection: 'unknown', sets: null, flagged: null });
});

test('an index of an older format is made again', async () => {
  await writeFile(join(folder, 'vmlinux'), TABLES);
  await functionSymbols(folder, IMAGE);
  const made = await readFile(join(folder, 'functions'), 'latin1');
  await writeFile(join(folder, 'functions'), made.replace(/format \d+/, 'format 1'));
  expect((await functionSymbols(folder, IMAGE))?.find('vfs_3').kind).toBe('found');
  expect(await readFile(join(folder, 'functions'), 'latin1')).toBe(made);
});

test('an index finds exactly the names that it was made from', () => {
  const name = fc.stringMatching(/^[a-c_]{1,4}$/);
  fc.assert(
    fc.property(fc.array(name, { maxLength: 40 }), name, (names, wanted) => {
      const find = finderOf(names.map((each) => `t ${each}`));
      expect(find(wanted).kind).toBe(names.includes(wanted) ? 'found' : 'missing');
      for (const each of names) expect(find(each).kind).toBe('found');
    }),
  );
});

test('an index that is damaged, cut off or of another image is not read', () => {
  const file = writeFunctions(plainSymbols([{ name: 'vfs_read', type: 'T', offset: 0 }]), IMAGE);
  expect(readFunctions(file, IMAGE).valid).toBe(true);
  expect(readFunctions(file, 'b'.repeat(64)).valid).toBe(false);
  for (let length = 0; length < file.length; length++) expect(readFunctions(file.subarray(0, length), IMAGE).valid).toBe(false);
  for (let bit = 0; bit < file.length * 8; bit++) {
    const damaged = Buffer.from(file);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(readFunctions(damaged, IMAGE).valid).toBe(false);
  }
});

const TABLES = kallsymsTables(someSymbols(1024), { addresses: 'after tokens', order: false, values: 'unsigned', alignment: 8 });

test.each(['vmlinux', 'image'])('the index of a kernel is made from its %s, kept, and made again if it is damaged', async (image) => {
  await writeFile(join(folder, image), TABLES);
  const look = async () => {
    const find = (await functionSymbols(folder, IMAGE))?.find;
    return ['vfs_3', 'symbol_5', 'symbol_6'].map((name) => find?.(name).kind);
  };
  expect(await look()).toEqual(['found', 'variant', 'missing']);
  const kept = await readFile(join(folder, 'functions'));
  await rm(join(folder, image));
  expect(await look()).toEqual(['found', 'variant', 'missing']);
  await writeFile(join(folder, image), TABLES);
  await writeFile(join(folder, 'functions'), kept.subarray(0, 100));
  expect(await look()).toEqual(['found', 'variant', 'missing']);
  expect(await readFile(join(folder, 'functions'))).toEqual(kept);
  expect((await readdir(folder)).toSorted()).toEqual(['functions', image]);
});

test('an image without symbols is searched once, and a folder without an image has no index', async () => {
  expect(await functionSymbols(folder, IMAGE)).toBeNull();
  expect(await readdir(folder)).toEqual([]);
  await writeFile(join(folder, 'vmlinux'), Buffer.alloc(5000));
  expect(await functionSymbols(folder, IMAGE)).toBeNull();
  const { mtimeMs } = await stat(join(folder, 'functions'));
  expect(await functionSymbols(folder, IMAGE)).toBeNull();
  expect((await stat(join(folder, 'functions'))).mtimeMs).toBe(mtimeMs);
});

test('symbols are found although the cache cannot be written', async () => {
  await writeFile(join(folder, 'vmlinux'), TABLES);
  await chmod(folder, 0o500);
  expect((await functionSymbols(folder, IMAGE))?.find('vfs_3').kind).toBe('found');
  await chmod(folder, 0o700);
});
