// Tests of finding names in the modules of a kernel's package, in a cache with made-up modules.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { inPackageText, whereMissing } from '../../../harness/kernel-btf/kernel-names.ts';
import { withPackage } from '../../../harness/kernel-btf/package-names.ts';
import { buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';

const PROTOTYPE: WrittenType = { kind: 13, vlen: 0, size: 0 };
const func = (name: string): WrittenType => ({ name, kind: 12, size: 1 });
const VMLINUX = buildBtf([PROTOTYPE, func('built_in')]);
const stringStart = VMLINUX.readUInt32LE(20);
const TYPES: KernelTypes = { vmlinux: indexNames(mustReadBtf(VMLINUX)), modules: [] };

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const [IMAGE, PACKAGE, OTHER] = [digest('image'), digest('package'), digest('other')];

let cache = '';
let modules = '';
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'package-names-'));
  modules = join(cache, 'modules', `${PACKAGE}-${OTHER}`);
  await mkdir(join(cache, 'packages'), { recursive: true });
  await mkdir(modules, { recursive: true });
  await writeFile(join(cache, 'packages', `${PACKAGE}.json`), JSON.stringify({ image: IMAGE }));
  await writeFile(join(cache, 'packages', `${OTHER}.json`), JSON.stringify({ image: OTHER }));
});
afterAll(async () => rm(cache, { recursive: true, force: true }));

/** Writes a compressed module with C functions and BTF. */
async function writeModule(name: string, source: string, types: readonly WrittenType[]): Promise<void> {
  const [c, ko, btf] = ['module.c', 'module.ko', 'module.btf'].map((each) => join(cache, each));
  if (c === undefined || ko === undefined || btf === undefined) throw new Error('three paths were expected');
  await writeFile(c, source);
  await execa('gcc', ['-c', '-O0', c, '-o', ko]);
  await writeFile(btf, buildBtf(types, { stringStart }));
  if (types.length > 0) await execa('objcopy', ['--add-section', `.BTF=${btf}`, ko]);
  await execa('xz', ['--force', ko]);
  await writeFile(join(modules, `${name}.ko.xz`), await readFile(`${ko}.xz`));
}

const found = async (name: string, make = true, sha256 = IMAGE) =>
  (await withPackage(TYPES, { cache, sha256 }, { names: [name], make })).inPackage?.(name);

test('a name that vmlinux lacks is found in the modules of the package, and the index for it is kept', async () => {
  await writeModule('first-one', 'int shared(void) { return 1; } static int inner(void) { return 2; } int (*used)(void) = inner;', [
    func('shared'),
    func('changed'),
    { name: 'btf_trace_event', kind: 8, size: 1 },
    { name: 'no_event', kind: 8, size: 1 },
  ]);
  await writeModule(
    'second',
    'int shared(void) { return 1; } int __pfx_shared(void) { return 1; } extern int elsewhere(void); int data; int calls(void) { return elsewhere(); }',
    [],
  );
  const before = [await found('shared', false), await found('built_in')];
  expect(before).toEqual([undefined, undefined]);
  const names = [
    'shared',
    'changed',
    'inner',
    'btf_trace_event',
    'no_event',
    'calls',
    'elsewhere',
    'data',
    '__pfx_shared',
    'share',
    'gone',
  ];
  const all = await Promise.all(names.map(async (name) => [name, await found(name)]));
  expect(Object.fromEntries(all)).toEqual({
    shared: [
      { module: 'first_one', inBtf: true },
      { module: 'second', inBtf: false },
    ],
    changed: [{ module: 'first_one', inBtf: true }],
    inner: [{ module: 'first_one', inBtf: false }],
    btf_trace_event: [{ module: 'first_one', inBtf: true }],
    no_event: [],
    calls: [{ module: 'second', inBtf: false }],
    elsewhere: [],
    data: [],
    __pfx_shared: [],
    share: [],
    gone: [],
  });
  for (const name of await readdir(modules)) if (name.endsWith('.ko.xz')) await rm(join(modules, name));
  expect(await found('shared', false)).toHaveLength(2);
});

test('the modules of a kernel are unknown without its package, without modules, and if one of them is damaged', async () => {
  expect(await found('shared', true, digest('no package'))).toBeUndefined();
  expect(await found('shared', true, OTHER)).toBeUndefined();
  await rm(join(modules, 'names.txt'));
  await writeFile(join(modules, 'damaged.ko.xz'), '\u00fd7zXZ\0 and no more');
  expect(await found('shared')).toBeUndefined();
  expect(await readdir(modules)).toEqual(['damaged.ko.xz']);
});

test.each([
  [undefined, null, "this kernel's BTF, only a module could have it"],
  [[], 'no module of its package has it', 'vmlinux; no module of its package has it'],
  [['nf_nat'], 'module nf_nat has it: add modules: [nf_nat]', 'vmlinux; module nf_nat has it: add modules: [nf_nat]'],
  [['a', '-b'], 'module a has it: add modules: [a]', 'vmlinux; module a has it: add modules: [a]'],
  [
    ['a', 'b'],
    'modules a, b have it: add one of them, such as modules: [a]',
    'vmlinux; modules a, b have it: add one of them, such as modules: [a]',
  ],
  [
    ['-a', '-b', '-c', '-d', '-e'],
    'modules a, b, c, 2 more have it, but without BTF: only a kprobe can attach to it, with modules: [a]',
    'vmlinux; modules a, b, c, 2 more have it, but without BTF: only a kprobe can attach to it, with modules: [a]',
  ],
])('the words for a name in the modules %j say how to load one', (names, text, where) => {
  const inPackage = names?.map((name) => ({ module: name.replace('-', ''), inBtf: !name.startsWith('-') }));
  const kernel: KernelTypes = inPackage ? { ...TYPES, inPackage: () => inPackage } : TYPES;
  expect(inPackageText(kernel, 'name')).toBe(text);
  expect(whereMissing(kernel, 'name')).toEqual({ where, certain: false });
});

test('if modules are loaded, a name that they lack is missing for certain, and another module of the package may have it', () => {
  const loaded: KernelTypes = { ...TYPES, modules: [{ name: 'veth', index: TYPES.vmlinux }] };
  const where = "this kernel's BTF or that of its 1 module";
  const inPackage = () => [{ module: 'nf_nat', inBtf: true }];
  expect([whereMissing(loaded, 'name'), whereMissing({ ...loaded, inPackage }, 'name')]).toEqual([
    { where, certain: true },
    { where: `${where}; module nf_nat has it: add modules: [nf_nat]`, certain: true },
  ]);
});
