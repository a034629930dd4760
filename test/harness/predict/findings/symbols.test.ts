// Tests of findings about functions without a symbol, on a made-up kernel: which programs fail, when, and how certain it is.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import type { AttachRules, FindSymbol, KernelTypes } from '../../../../harness/core-relo/candidates.ts';
import { DEFAULT_LOADER, loaderRules } from '../../../../harness/core-relo/loader.ts';
import { plainSymbols, readFunctions, writeFunctions } from '../../../../harness/kernel-btf/function-symbols.ts';
import { whereMissing } from '../../../../harness/kernel-btf/kernel-names.ts';
import type { Mode } from '../../../../harness/plan/settings/mode-name.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { withSymbols } from '../../../../harness/predict/predict-object.ts';
import { buildBtf, type WrittenType } from '../../bpf/btf/build-btf.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';

const SOURCE = `
#define P(section, name) SEC(section) int name(void *ctx) { return 0; }
P("fentry/there", there) P("fentry/renamed", renamed) P("fexit.s/split", split) P("fmod_ret/inlined", inlined)
P("lsm/file_open", hook) P("iter/task", iterator) P("fentry/absent", absent)
P("kprobe/there", k_there) P("kretprobe/renamed", k_renamed) P("kprobe/split+0x4", k_split) P("kprobe/inlined", k_inlined)
P("kprobe/absent", k_absent) P("kprobe/of_module", k_module) P("kprobe/renamed.isra.0", k_variant) P("kprobe/hidden", k_hidden)
P("kprobe", k_given) P("kprobe.multi/renamed", k_multi) P("raw_tp/renamed", raw)
`;

let object: BpfObject;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'symbols-test-'));
  object = readBpfObject(await readFile(await compileBpf(folder, 'symbols', SOURCE)), 'symbols');
  await rm(folder, { recursive: true, force: true });
});

const enumOf = (name: string, ...names: string[]): WrittenType => {
  return { name, kind: 6, vlen: names.length, size: 4, words: names.flatMap((each, index) => [each, index]) };
};
const PROGRAM_TYPES = ['UNSPEC', 'TRACING', 'LSM', 'KPROBE', 'RAW_TRACEPOINT'].map((type) => `BPF_PROG_TYPE_${type}`);
const FUNCTIONS = ['there', 'renamed', 'split', 'inlined', 'bpf_lsm_file_open', 'bpf_iter_task'];
const TYPES: readonly WrittenType[] = [
  { name: 'int', kind: 1, size: 4, words: [0x01000020] },
  enumOf('bpf_prog_type', ...PROGRAM_TYPES, ...Array.from({ length: 16 }, (_, index) => `BPF_PROG_TYPE_${index}`)),
  { kind: 13, vlen: 1, size: 1, words: ['number', 1] },
  ...FUNCTIONS.map((name): WrittenType => ({ name, kind: 12, vlen: 1, size: 3 })),
];
const SYMBOLS = ['there', 'renamed.isra.0', 'split.part.0', 'hidden', 'bpf_lsm_file_open'].map((name) => ({ name, type: 't', offset: 0 }));

const UNKNOWN_RULES: AttachRules = { errorInjection: 'unknown', sets: null, flagged: null };

function kernelOf(changes: Partial<KernelTypes> = {}): KernelTypes {
  const index = writeFunctions(plainSymbols(SYMBOLS), 'digest');
  const read = readFunctions(index, 'digest');
  const findSymbol = read.valid ? read.symbols?.find : null;
  return { vmlinux: indexNames(mustReadBtf(buildBtf(TYPES))), modules: [], ...(findSymbol && { findSymbol }), ...changes };
}

function verdicts(kernel: KernelTypes, mode: Mode, changed: BpfObject = object): Record<string, string> {
  const { programs } = predictCell(changed, kernel, DEFAULT_LOADER, mode);
  const texts = programs.flatMap(({ name, failure, possible }) => {
    const each = failure ?? possible;
    return each ? [[name, `${failure ? 'fails' : 'may fail'} (${each.stage}): ${each.reason}`] as const] : [];
  });
  return Object.fromEntries(texts);
}

const withPackage: Partial<KernelTypes> = {
  inPackage: (name) => (name === 'of_module' ? [{ module: 'nf_nat', kind: 'function', inBtf: true }] : []),
};

test('functions without a symbol fail at the load for hooks by BTF, and kprobes only when they are attached', () => {
  expect(verdicts(kernelOf(), 'load')).toMatchInlineSnapshot(`
    {
      "absent": "may fail (verify): attach target absent (tracing) is not in this kernel's BTF, only a module could have it",
      "inlined": "fails (verify): function inlined has no symbol: BTF has it, kallsyms does not",
      "renamed": "fails (verify): function renamed was compiled as renamed.isra.0: this kernel has no symbol renamed",
      "split": "fails (verify): function split was inlined: only a part of it has a symbol, split.part.0",
    }
  `);
  expect(verdicts(kernelOf(withPackage), 'attach')).toMatchInlineSnapshot(`
    {
      "absent": "fails (verify): attach target absent (tracing) is not in vmlinux; no module of its package has it",
      "inlined": "fails (verify): function inlined has no symbol: BTF has it, kallsyms does not",
      "k_absent": "fails (attach): attach target absent (kprobe) is not a function of vmlinux or of a loaded module",
      "k_inlined": "fails (attach): function inlined has no symbol: BTF has it, kallsyms does not",
      "k_module": "may fail (attach): attach target of_module (kprobe) is in module nf_nat, which is not loaded: modules: [nf_nat]",
      "k_multi": "fails (attach): function renamed was compiled as renamed.isra.0: this kernel has no symbol renamed",
      "k_renamed": "fails (attach): function renamed was compiled as renamed.isra.0: this kernel has no symbol renamed",
      "k_split": "fails (attach): function split was inlined: only a part of it has a symbol, split.part.0",
      "renamed": "fails (verify): function renamed was compiled as renamed.isra.0: this kernel has no symbol renamed",
      "split": "fails (verify): function split was inlined: only a part of it has a symbol, split.part.0",
    }
  `);
});

test('without known modules, only a function of the BTF of vmlinux is certainly missing', () => {
  const uncertain = Object.entries(verdicts(kernelOf(), 'attach')).filter(([, text]) => text.startsWith('may fail'));
  expect(uncertain.map(([name]) => name)).toEqual(['absent', 'k_absent', 'k_module']);
});

test('a function that a module of the package has by the same name is not certainly missing', () => {
  const inPackage = () => [{ module: 'other', kind: 'function', inBtf: false }] as const;
  const { renamed, k_inlined: inlined } = verdicts(kernelOf({ inPackage }), 'attach');
  expect([renamed, inlined].map((text) => text?.split(' (')[0])).toEqual(['may fail', 'may fail']);
});

test('without symbols, the prediction is that of BTF alone', () => {
  const { findSymbol, ...plain } = kernelOf();
  expect(findSymbol).toBeDefined();
  expect(Object.keys(verdicts(plain, 'load'))).toEqual(['absent']);
  expect(Object.keys(verdicts(plain, 'attach'))).toEqual(['absent', 'k_absent', 'k_module', 'k_hidden']);
});

const setTo = (autoload: 'if-supported' | true, attachTo: Record<string, string> = {}): BpfObject => {
  const programs = object.programs.map((program) => ({ ...program, autoload, attachTo: attachTo[program.name] ?? program.attachTo }));
  return { ...object, programs };
};

test('programs with autoload if-supported are left out if their function certainly has no symbol, whatever the mode', () => {
  const failing = (mode: Mode) => Object.keys(verdicts(kernelOf(withPackage), mode, setTo('if-supported')));
  expect([failing('load'), failing('attach')]).toEqual([[], ['k_split', 'k_module']]);
});

test('the function that the loader names instead decides', () => {
  const named = verdicts(kernelOf(withPackage), 'attach', setTo(true, { there: 'inlined', renamed: 'there', k_given: 'renamed+0x10' }));
  expect([named['there'], named['renamed'], named['k_given']]).toEqual([
    'fails (verify): function inlined has no symbol: BTF has it, kallsyms does not',
    undefined,
    'fails (attach): function renamed was compiled as renamed.isra.0: this kernel has no symbol renamed',
  ]);
});

test('a program on a function in init memory loads, but certainly cannot be attached, and is left out if it is if-supported', () => {
  const places = ['_etext 10', '__init_begin 20', 'there 25', '__init_end 30'].map((text) => {
    const [name = '', offset] = text.split(' ');
    return { name, type: 'T', offset: Number(offset) };
  });
  const read = readFunctions(writeFunctions(plainSymbols(places), 'digest'), 'digest');
  const kernel = kernelOf(read.valid && read.symbols ? { findSymbol: read.symbols.find } : {});
  const onThere = (mode: Mode, changed?: BpfObject) => {
    const { there, k_there: probe } = verdicts(kernel, mode, changed);
    return [there, probe];
  };
  const reason = 'fails (attach): function there is in init memory, which this kernel frees after it booted';
  expect(onThere('load')).toEqual([undefined, undefined]);
  expect(onThere('attach')).toEqual([reason, reason]);
  expect(onThere('attach', setTo('if-supported'))).toEqual([undefined, undefined]);
});

test('of alternatives, one whose function has no symbol is not chosen, unless this is true of all', () => {
  const choose = (...names: string[]) => {
    const programs = object.programs.map((program) => ({ ...program, autoload: names.includes(program.name) }));
    const changed: BpfObject = { ...object, programs, alternatives: [{ kind: 'programs', names }] };
    return verdicts(kernelOf(withPackage), 'load', changed);
  };
  const renamed = 'function renamed was compiled as renamed.isra.0: this kernel has no symbol renamed';
  expect(choose('k_renamed', 'k_there')).toEqual({ k_renamed: `may fail (attach): ${renamed}` });
  expect(choose('renamed', 'k_there')).toEqual({ renamed: `may fail (verify): ${renamed}` });
  expect(choose('k_renamed', 'k_inlined')).toEqual({});
});

test('cilium/ebpf takes a function that the kernel lacks for a system call', () => {
  const symbols = [...SYMBOLS, { name: '__x64_absent', type: 'T', offset: 0 }];
  const read = readFunctions(writeFunctions(plainSymbols(symbols), 'digest'), 'digest');
  const findSymbol = read.valid ? read.symbols?.find : null;
  const kernel = kernelOf({ ...withPackage, ...(findSymbol && { findSymbol }) });
  const failing = (name: string | undefined) => {
    return predictCell(object, kernel, loaderRules(name), 'attach').programs.some(
      ({ name: program, failure }) => program === 'k_absent' && failure,
    );
  };
  expect([undefined, 'cilium@0.22', 'aya@0.14'].map(failing)).toEqual([true, false, true]);
});

test('symbols are read only for an object that needs an address', async () => {
  let reads = 0;
  const { findSymbol, ...plain } = kernelOf();
  const kernel: KernelTypes = {
    ...plain,
    readSymbols: async () => (reads++, findSymbol ? { find: findSymbol, hasTraced: () => true, rules: UNKNOWN_RULES } : null),
  };
  const only = (...names: string[]) => ({ programs: object.programs.filter(({ name }) => names.includes(name)) });
  expect(await withSymbols(kernel, only('iterator', 'raw'))).toBe(kernel);
  expect((await withSymbols(kernel, only('iterator', 'k_there'))).findSymbol).toBe(findSymbol);
  expect(reads).toBe(1);
});

test('a kprobe on a name of several symbols, on a function without trace or on a variable fails as in a guest', () => {
  const findSymbol: FindSymbol = (name) => {
    if (name === 'count_symbols') return { kind: 'found' };
    if (name === 'there') return { kind: 'found', count: 3 };
    if (name === 'hidden') return { kind: 'found', isNotrace: true };
    return name === 'absent' ? { kind: 'data' } : { kind: 'missing' };
  };
  const only = (kernel: KernelTypes, mode: Mode = 'attach') =>
    Object.fromEntries(Object.entries(verdicts(kernel, mode)).filter(([name]) => ['k_there', 'k_hidden', 'k_absent'].includes(name)));
  const config = 'CONFIG_KPROBES=y\n';
  expect([only(kernelOf({ findSymbol, config })), only(kernelOf({ findSymbol })), only(kernelOf({ findSymbol, config }), 'load')])
    .toMatchInlineSnapshot(`
    [
      {
        "k_absent": "fails (attach): attach target absent (kprobe) is a symbol of this kernel, but no function",
        "k_hidden": "fails (attach): function hidden is notrace: this kernel has it, but lets no program attach to it",
        "k_there": "fails (attach): function there is ambiguous: vmlinux has 3 symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)",
      },
      {
        "k_absent": "fails (attach): attach target absent (kprobe) is a symbol of this kernel, but no function",
        "k_hidden": "may fail (attach): function hidden is notrace: this kernel has it, but lets no program attach to it",
        "k_there": "fails (attach): function there is ambiguous: vmlinux has 3 symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)",
      },
      {},
    ]
  `);
  // A kernel that chooses the first of several symbols, and one that traces every function.
  const older: FindSymbol = (name) => (name === 'count_symbols' ? { kind: 'missing' } : findSymbol(name));
  expect(only(kernelOf({ findSymbol: older, config: 'CONFIG_KPROBE_EVENTS_ON_NOTRACE=y\n' }))).toMatchInlineSnapshot(`
    {
      "k_absent": "fails (attach): attach target absent (kprobe) is a symbol of this kernel, but no function",
    }
  `);
});

test('a function that vmlinux has and BTF lacks is not searched in modules', () => {
  const findSymbol: FindSymbol = (name) => (name === 'show' ? { kind: 'found', count: 5 } : { kind: name === 'asm' ? 'found' : 'missing' });
  const inPackage = () => [{ module: 'bonding', kind: 'function', inBtf: true } as const];
  const kernel = kernelOf({ findSymbol, inPackage });
  expect(['show', 'asm', 'x'].map((name) => whereMissing(kernel, name, 'attach'))).toMatchInlineSnapshot(`
    [
      {
        "certain": false,
        "where": "not in this kernel's BTF: the name is ambiguous, because vmlinux has 5 symbols of this name",
      },
      {
        "certain": false,
        "where": "not in this kernel's BTF, although vmlinux has a symbol of this name",
      },
      {
        "certain": false,
        "where": "in module bonding, which is not loaded: modules: [bonding]",
      },
    ]
  `);
});

const KSYMS = `
extern const void there __ksym; extern const void gone __ksym; extern const void maybe __ksym __weak; extern const void twice __ksym __weak;
const volatile void *address;
#define R(name) SEC("raw_tp/" #name) int read_##name(void *ctx) { address = &name; return 0; }
R(there) R(gone) R(maybe) R(twice)
`;

test('a kernel symbol without a type is looked up among the symbols of the kernel, if they are known', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ksyms-'));
  const read = readBpfObject(await readFile(await compileBpf(folder, 'ksyms', KSYMS)), 'ksyms');
  await rm(folder, { recursive: true, force: true });
  const kinds: Readonly<Record<string, ReturnType<FindSymbol>>> = { there: { kind: 'data' }, twice: { kind: 'data', count: 2 } };
  const findSymbol: FindSymbol = (name) => kinds[name] ?? { kind: 'missing' };
  const { findSymbol: unused, ...unknown } = kernelOf();
  expect(unused).toBeDefined();
  const first = (kernel: KernelTypes, without: readonly string[] = []) => {
    const names = Object.values(
      verdicts(
        { ...kernel, ...(without.length > 0 && { findSymbol: (name) => (without.includes(name) ? { kind: 'data' } : findSymbol(name)) }) },
        'load',
        read,
      ),
    );
    return [...new Set(names)];
  };
  const known = { ...unknown, findSymbol, inPackage: () => [] };
  expect([first(unknown), first({ ...unknown, findSymbol }), first(known), first(known, ['gone']), first(known, ['gone', 'twice'])])
    .toMatchInlineSnapshot(`
    [
      [],
      [
        "fails (relocate): kernel symbol twice: resolution is ambiguous: vmlinux has 2 symbols of this name",
      ],
      [
        "fails (relocate): kernel symbol gone: not resolved",
      ],
      [
        "fails (relocate): kernel symbol twice: resolution is ambiguous: vmlinux has 2 symbols of this name",
      ],
      [],
    ]
  `);
  expect(
    (
      await withSymbols(
        { ...unknown, readSymbols: async () => ({ find: findSymbol, hasTraced: () => true, rules: UNKNOWN_RULES }) },
        { ...read, programs: [] },
      )
    ).findSymbol,
  ).toBe(findSymbol);
});
