// Tests of attach targets that name a module (`MODULE:FUNCTION`): each loader reads them in its own way, and the verdict has the same reason.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../../harness/core-relo/candidates.ts';
import { libbpfLoader, type Loader, loaderRules, targetModulesOf } from '../../../../harness/core-relo/loader.ts';
import { adviceByReason } from '../../../../harness/explain/advice.ts';
import { subjectOf } from '../../../../harness/explain/fingerprint.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { namesOutsideVmlinux } from '../../../../harness/predict/findings/support.ts';
import { attachedIn } from '../../../../harness/verdict/attached.ts';
import type { LoadAttempt } from '../../../../harness/verdict/evidence/evidence.ts';
import { unreadModule } from '../../../../harness/verdict/rules/named-target.ts';
import { buildBtf, type WrittenType } from '../../bpf/btf/build-btf.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';

const SOURCE = `
#define P(section, name) SEC(section) int name(void *ctx) { return 0; }
P("fentry/veth:veth_xmit", entry) P("fexit/ve:veth_xmit", beginning) P("fentry/other:veth_xmit", other) P("fentry/veth_xmit", plain)
P("fentry/vmlinux:vfs_read", core) P("fentry/veth:vfs_read", base) P("tp_btf/veth:sent", point)
P("kprobe/veth:veth_xmit", probe) P("kprobe/vfs_read:x", odd) P("kprobe/vfs_read+0x0", offset)
`;

let object: BpfObject;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'named-targets-'));
  object = readBpfObject(await readFile(await compileBpf(folder, 'named', SOURCE)), 'named');
  await rm(folder, { recursive: true, force: true });
});

const enumOf = (name: string, ...names: string[]): WrittenType => {
  return { name, kind: 6, vlen: names.length, size: 4, words: names.flatMap((each, index) => [each, index]) };
};
const COMMON: readonly WrittenType[] = [
  { name: 'int', kind: 1, size: 4, words: [0x01000020] },
  { kind: 13, vlen: 1, size: 1, words: ['number', 1] },
];
const typesOf = (...types: WrittenType[]) => indexNames(mustReadBtf(buildBtf([...COMMON, ...types])));
const functionOf = (name: string): WrittenType => ({ name, kind: 12, vlen: 1, size: 2 });

const PROGRAM_TYPES = ['UNSPEC', 'TRACING', 'KPROBE', ...Array.from({ length: 16 }, (_, index) => `${index}`)];
const vmlinux = typesOf(enumOf('bpf_prog_type', ...PROGRAM_TYPES.map((type) => `BPF_PROG_TYPE_${type}`)), functionOf('vfs_read'));
const veth = { name: 'veth', index: typesOf(functionOf('veth_xmit'), { name: 'btf_trace_sent', kind: 8, size: 1 }) };
const inPackage: KernelTypes['inPackage'] = (name) => (name === 'veth_xmit' ? [{ module: 'veth', kind: 'function', inBtf: true }] : []);
const findSymbol: KernelTypes['findSymbol'] = (name) => ({ kind: name === 'vfs_read' ? 'found' : 'missing' });
const LOADED: KernelTypes = { vmlinux, modules: [veth], inPackage, findSymbol };

function verdicts(loader: Loader, kernel: KernelTypes = LOADED): Record<string, string> {
  return Object.fromEntries(
    predictCell(object, kernel, loader, 'attach').programs.flatMap(({ name, failure, possible }) => {
      const each = failure ?? possible;
      return each ? [[name, `${failure ? 'fails' : 'may fail'} (${each.stage}): ${each.reason}`] as const] : [];
    }),
  );
}

test('libbpf finds a target in the module that it names, but reads only a part of the target of a kprobe', () => {
  expect(verdicts(loaderRules())).toMatchInlineSnapshot(`
    {
      "base": "may fail (verify): attach target veth:vfs_read (tracing) is not in this kernel's BTF",
      "other": "fails (verify): attach target other:veth_xmit (tracing) is not in this kernel's BTF",
      "probe": "fails (attach): attach target veth:veth_xmit (kprobe) names a module, which libbpf does not read for kprobes: it looks for function veth",
    }
  `);
});

test('libbpf passes a target on to the kernel that the setting attach_to names', () => {
  const programs = object.programs
    .filter(({ name }) => name === 'probe')
    .map((program) => ({ ...program, section: 'kprobe', attachTo: 'veth:veth_xmit' }));
  const given = { ...object, programs };
  const verdictOf = (kernel: KernelTypes) =>
    predictCell(given, kernel, loaderRules(), 'attach').programs.map(({ possible, failure }) => possible ?? failure);
  expect(verdictOf(LOADED)).toEqual([null]);
  expect(verdictOf({ ...LOADED, modules: [] })).toMatchObject([
    { stage: 'attach', reason: 'attach target veth:veth_xmit (kprobe) is in module veth, which is not loaded: modules: [veth]' },
  ]);
});

test('libbpf before 1.5 finds no target that names a module', () => {
  expect(Object.keys(verdicts(libbpfLoader('1.4')))).toEqual(['entry', 'beginning', 'other', 'core', 'base', 'point', 'probe']);
  expect(verdicts(libbpfLoader('1.4'))['entry']).toBe(
    'fails (verify): attach target veth:veth_xmit (tracing) names a module, which libbpf before 1.5 does not look up',
  );
});

test('cilium/ebpf finds no target that names a module, and no kprobe with an offset', () => {
  expect(verdicts(loaderRules('cilium@0.22'))).toMatchInlineSnapshot(`
    {
      "base": "fails (verify): attach target veth:vfs_read (tracing) names a module, which cilium/ebpf does not look up",
      "beginning": "fails (verify): attach target ve:veth_xmit (tracing) names a module, which cilium/ebpf does not look up",
      "core": "fails (verify): attach target vmlinux:vfs_read (tracing) names a module, which cilium/ebpf does not look up",
      "entry": "fails (verify): attach target veth:veth_xmit (tracing) names a module, which cilium/ebpf does not look up",
      "odd": "fails (attach): attach target vfs_read:x (kprobe) names a module, which cilium/ebpf does not read for kprobes",
      "offset": "fails (attach): attach target vfs_read+0x0 (kprobe) names an offset, which cilium/ebpf does not read for kprobes",
      "other": "fails (verify): attach target other:veth_xmit (tracing) names a module, which cilium/ebpf does not look up",
      "point": "fails (verify): attach target veth:btf_trace_sent (tracing) names a module, which cilium/ebpf does not look up",
      "probe": "fails (attach): attach target veth:veth_xmit (kprobe) names a module, which cilium/ebpf does not read for kprobes",
    }
  `);
});

test('aya finds no target in a module, but leaves the name of a kprobe to the kernel', () => {
  expect(verdicts(loaderRules('aya@0.14'))).toMatchInlineSnapshot(`
    {
      "base": "fails (verify): attach target veth:vfs_read (tracing) names a module, which aya does not look up",
      "beginning": "fails (verify): attach target ve:veth_xmit (tracing) names a module, which aya does not look up",
      "core": "fails (verify): attach target vmlinux:vfs_read (tracing) names a module, which aya does not look up",
      "entry": "fails (verify): attach target veth:veth_xmit (tracing) names a module, which aya does not look up",
      "other": "fails (verify): attach target other:veth_xmit (tracing) names a module, which aya does not look up",
      "plain": "fails (verify): attach target veth_xmit (tracing) is not in this kernel's BTF",
      "point": "fails (verify): attach target veth:btf_trace_sent (tracing) names a module, which aya does not look up",
    }
  `);
});

test('a target in a module that is not loaded has the setting that loads it, if it is the module that the target names', () => {
  const { entry, other, probe } = verdicts(loaderRules(), { ...LOADED, modules: [] });
  expect([entry, other]).toEqual([
    'may fail (verify): attach target veth:veth_xmit (tracing) is in module veth, which is not loaded: modules: [veth]',
    'fails (verify): attach target other:veth_xmit (tracing) is not in vmlinux; no module of its package has this name',
  ]);
  expect(probe).toMatch(/^fails \(attach\): .* names a module/);
  expect(verdicts(loaderRules('aya@0.14'), { ...LOADED, modules: [] })['probe']).toBe(
    'may fail (attach): attach target veth:veth_xmit (kprobe) is in module veth, which is not loaded: modules: [veth]',
  );
});

test('a function of a loaded module without BTF is found by kprobes, and only by them', () => {
  const kernel: KernelTypes = {
    ...LOADED,
    modules: [],
    withoutBtf: ['veth'],
    inPackage: (name) => (name === 'veth_xmit' ? [{ module: 'veth', kind: 'function', inBtf: false }] : []),
  };
  const { plain, entry, probe } = verdicts(loaderRules('aya@0.14'), kernel);
  expect([plain, entry, probe]).toEqual([
    "fails (verify): attach target veth_xmit (tracing) is not in this kernel's BTF",
    'fails (verify): attach target veth:veth_xmit (tracing) names a module, which aya does not look up',
    undefined,
  ]);
  const byLibbpf = verdicts(loaderRules(), kernel);
  expect(byLibbpf['plain']).toBe(
    'fails (verify): attach target veth_xmit (tracing) is not in vmlinux; module veth has it, but not in BTF: only a kprobe can attach to it',
  );
  const named = object.programs.map((program) => (program.name === 'offset' ? { ...program, attachTo: 'veth_xmit' } : program));
  const failing = predictCell({ ...object, programs: named }, kernel, loaderRules(), 'attach').programs.find(
    ({ name }) => name === 'offset',
  );
  expect([failing?.failure, failing?.possible]).toEqual([null, null]);
});

test('the modules of the package are searched for the function of a target without its module', () => {
  expect(new Set(namesOutsideVmlinux(object))).toEqual(new Set(['veth_xmit', 'vfs_read', 'btf_trace_sent', 'x']));
});

test.each([
  [undefined, 2, 'attach-target-missing', 'names a module, which libbpf does not read for kprobes: it looks for function veth'],
  ['cilium/ebpf', 22, 'attach-failed', 'names a module, which cilium/ebpf does not read for kprobes'],
  ['aya', 2, 'attach-target-missing', 'is in module veth, which is not loaded: modules: [veth]'],
] as const)('a kprobe that %s does not attach has the reason of the prediction', (library, errno, failure, reason) => {
  const known = {
    object: { programs: [{ name: 'probe', section: 'kprobe/veth:veth_xmit' }] },
    inModule: () => 'in module veth, which is not loaded: modules: [veth]',
    ...(library && { library }),
  };
  const attempt: LoadAttempt = { program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: [] };
  const attachments: LoadAttempt['attachments'] = [{ kind: 'program', name: 'probe', errno, detail: 'words', log: [] }];
  const found = attachedIn({ ...attempt, attachments }, known)({ name: 'probe', type: 'kprobe' })?.failure;
  expect(found).toEqual({ stage: 'attach', class: failure, errno, reason: `attach target veth:veth_xmit (kprobe) ${reason}` });
});

test('a target that a loader does not read is a cause of its own, with advice about its name', () => {
  const reason = unreadModule('veth:f', ' (tracing)', { targetModules: targetModulesOf(loaderRules('aya@0.14')), library: 'aya' }) ?? '';
  expect(adviceByReason('attach-target-missing', reason)).toMatch(/^Write only the name of the function/);
  const subjects = [reason, 'attach target veth:f (tracing) is not in vmlinux', 'attach target veth:g (tracing) is not in vmlinux'].map(
    (text) => subjectOf('attach-target-missing', text),
  );
  expect(new Set(subjects).size).toBe(3);
});
