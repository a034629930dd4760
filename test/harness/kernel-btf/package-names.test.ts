// Tests of finding names in the modules of a kernel's package, in a cache with made-up modules.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import type { KernelTypes, ModuleNameKind } from '../../../harness/core-relo/candidates.ts';
import { inPackageText, inUnloadedModule, knownOfMissing, type NameUse, whereMissing } from '../../../harness/kernel-btf/kernel-names.ts';
import { withPackage } from '../../../harness/kernel-btf/package-names.ts';
import { buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';

const PROTOTYPE: WrittenType = { kind: 13, vlen: 0, size: 0 };
const func = (name: string): WrittenType => ({ name, kind: 12, size: 1 });
const variable = (name: string): WrittenType => ({ name, kind: 14, size: 1, words: [1] });
const VMLINUX = buildBtf([PROTOTYPE, func('built_in'), variable('jiffies')]);
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
    { name: 'bpf_struct_ops_mine', kind: 4, size: 8 },
    { name: 'no_ops', kind: 4, size: 8 },
    variable('counter'),
  ]);
  await writeModule(
    'second',
    'int shared(void) { return 1; } int __pfx_shared(void) { return 1; } extern int elsewhere(void); int init_module(void) { return 0; } void cleanup_module(void) {} int data; int __tracepoint_plain; static int own_data; int *used_data(void) { return &own_data; } int calls(void) { return elsewhere(); }',
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
    'bpf_struct_ops_mine',
    'no_ops',
    'counter',
    'calls',
    'init_module',
    'cleanup_module',
    'elsewhere',
    'data',
    '__tracepoint_plain',
    'btf_trace_plain',
    'own_data',
    '__pfx_shared',
    'share',
    'gone',
  ];
  const all = await Promise.all(names.map(async (name) => [name, await found(name)]));
  expect(Object.fromEntries(all)).toEqual({
    shared: [
      { module: 'first_one', kind: 'function', inBtf: true },
      { module: 'second', kind: 'function', inBtf: false },
    ],
    changed: [{ module: 'first_one', kind: 'function', inBtf: true }],
    inner: [{ module: 'first_one', kind: 'function', inBtf: false }],
    btf_trace_event: [{ module: 'first_one', kind: 'function', inBtf: true }],
    no_event: [],
    bpf_struct_ops_mine: [{ module: 'first_one', kind: 'struct', inBtf: true }],
    no_ops: [],
    counter: [{ module: 'first_one', kind: 'variable', inBtf: true }],
    calls: [{ module: 'second', kind: 'function', inBtf: false }],
    init_module: [],
    cleanup_module: [],
    elsewhere: [],
    data: [{ module: 'second', kind: 'variable', inBtf: false }],
    __tracepoint_plain: [{ module: 'second', kind: 'variable', inBtf: false }],
    btf_trace_plain: [{ module: 'second', kind: 'function', inBtf: false }],
    own_data: [],
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

const everyUse = ['attach', 'tracepoint', 'kfunc', 'variable', 'address', 'struct-ops'] as const satisfies readonly NameUse[];

test('without the modules of the package, a name that vmlinux lacks may be in a module, whatever it is for', () => {
  const words = everyUse.map((use) => [inPackageText(TYPES, 'name', use), whereMissing(TYPES, 'name', use)]);
  expect(words).toEqual(everyUse.map(() => [null, { where: "not in this kernel's BTF, only a module could have it", certain: false }]));
});

const WITHOUT_BTF = {
  address: '',
  attach: 'only a kprobe can attach to it, with modules: [a]',
  tracepoint: 'only raw_tp and tracepoint programs can attach to it, with modules: [a]',
  kfunc: 'so no program can call it',
  variable: 'so no program can read it by its type',
  'struct-ops': 'so no map can have this type',
} as const;
const KINDS = {
  attach: 'function',
  tracepoint: 'function',
  kfunc: 'function',
  variable: 'variable',
  address: 'function',
  'struct-ops': 'struct',
} as const;

test.each(everyUse)('the words for a name that an object needs for "%s" name the modules that have it for this use', (use) => {
  const otherKind: ModuleNameKind = use === 'struct-ops' ? 'function' : 'struct';
  const textFor = (names: string) => {
    const all = names.split(' ').flatMap((name) => {
      const kind = name.startsWith('!') ? otherKind : KINDS[use];
      return name === '' ? [] : [{ module: name.replace(/^[-!]/, ''), kind, inBtf: !name.startsWith('-') }];
    });
    const kernel: KernelTypes = { ...TYPES, inPackage: () => all };
    return [inPackageText(kernel, 'name', use), inUnloadedModule(kernel, 'name', use), whereMissing(kernel, 'name', use).where];
  };
  const usable = (text: string) => [text, text, text];
  const useless = (text: string) => [text, null, `not in vmlinux; ${text}`];
  expect(['', '!other', 'nf_nat', 'a b'].map(textFor)).toEqual([
    useless('no module of its package has it'),
    useless('no module of its package has it'),
    usable('in module nf_nat, which is not loaded: modules: [nf_nat]'),
    usable('in modules a, b, which are not loaded: add one of them, such as modules: [a]'),
  ]);
  const two = 'in modules a, b, which are not loaded: add one of them, such as modules: [a]';
  expect(textFor('a -b')).toEqual(usable(use === 'address' ? two : 'in module a, which is not loaded: modules: [a]'));
  const bare = (names: string, subject: string) =>
    use === 'address' ? usable(names) : useless(`${subject}, but not in BTF: ${WITHOUT_BTF[use]}`);
  const five = 'in modules a, b, c, 2 more, which are not loaded: add one of them, such as modules: [a]';
  expect(['-a', '-a -b -c -d -e'].map(textFor)).toEqual([
    bare('in module a, which is not loaded: modules: [a]', 'module a has it'),
    bare(five, 'modules a, b, c, 2 more have it'),
  ]);
});

test('if modules are loaded, a name that they lack is missing for certain, and another module of the package may have it', () => {
  const loaded: KernelTypes = { ...TYPES, modules: [{ name: 'veth', index: TYPES.vmlinux }] };
  const inModules = (...names: string[]): KernelTypes => {
    const all = names.map((module) => ({ module, kind: 'function' as const, inBtf: true }));
    return { ...loaded, inPackage: () => all };
  };
  const where = "not in this kernel's BTF or that of its 1 module";
  expect([loaded, inModules('nf_nat'), inModules('veth')].map((kernel) => whereMissing(kernel, 'name', 'attach'))).toEqual([
    { where, certain: true },
    { where: 'in module nf_nat, which is not loaded: modules: [nf_nat]', certain: true },
    { where: `${where}; no module of its package has it`, certain: true },
  ]);
});

/** The types of a kernel whose struct module has these members, with variables or without. */
function kernelWith(members: readonly string[], ...more: WrittenType[]): KernelTypes {
  const words = members.flatMap((name) => [name, 1, 0]);
  const types: WrittenType[] = [PROTOTYPE, { name: 'module', kind: 4, size: 8, vlen: members.length, words }, ...more];
  return { ...TYPES, vmlinux: indexNames(mustReadBtf(buildBtf(types))) };
}

const uses = (kernel: KernelTypes, name: string) =>
  Object.fromEntries(everyUse.map((use) => [use, [whereMissing(kernel, name, use).certain, knownOfMissing(kernel, name, use)]]));

test('on a kernel without BTF of modules, no module can have in BTF what vmlinux lacks', () => {
  const old = kernelWith(['name'], variable('jiffies'));
  const none = [true, "not in this kernel's BTF, and this kernel has no BTF of modules"];
  const unknown = [false, null];
  expect(uses(old, 'x')).toEqual({ attach: none, tracepoint: none, kfunc: none, variable: none, address: unknown, 'struct-ops': none });
  const inVeth = { ...old, inPackage: () => [{ module: 'veth', kind: 'function', inBtf: true } as const] };
  expect(whereMissing(inVeth, 'veth_xmit', 'attach')).toEqual({
    where:
      'not in vmlinux; module veth has it, but this kernel has no BTF of modules: only a kprobe can attach to it, with modules: [veth]',
    certain: true,
  });
  // The module is loaded, whether its BTF can be read or not.
  const loaded = { ...inVeth, withoutBtf: ['veth'] };
  expect(['attach', 'address'].map((use) => knownOfMissing(loaded, 'veth_xmit', use === 'attach' ? 'attach' : 'address'))).toEqual([
    'not in vmlinux; module veth has it, but this kernel has no BTF of modules: only a kprobe can attach to it',
    null,
  ]);
  expect(uses(kernelWith(['name', 'btf_data'], variable('jiffies')), 'x')).toEqual(
    Object.fromEntries(everyUse.map((use) => [use, unknown])),
  );
});

test('a kernel whose BTF describes no variables lacks each of them there, and nothing else', () => {
  const unknown = [false, null];
  expect(uses(kernelWith(['btf_data']), 'runqueues')).toEqual({
    ...Object.fromEntries(everyUse.map((use) => [use, unknown])),
    variable: [true, "not in this kernel's BTF, which describes no variables"],
  });
});

test('a name that each module has means no single function, whatever an object needs it for', () => {
  const where = 'a name that each module gives to one of its functions, so it means no single function';
  const certain = [true, where];
  expect(['init_module', 'cleanup_module'].map((name) => uses(kernelWith(['btf_data'], variable('jiffies')), name))).toEqual(
    Array.from({ length: 2 }, () => ({
      attach: certain,
      tracepoint: certain,
      kfunc: certain,
      variable: certain,
      address: [false, where],
      'struct-ops': certain,
    })),
  );
});
