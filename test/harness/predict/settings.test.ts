// Tests that predictions follow the settings of an object: autoload, attach targets, constants, alternatives, custom BTF.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import type { ObjectSettings } from '../../../harness/plan/object-settings/setting-table.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import { asLoaded, prepareSettings } from '../../../harness/plan/object-settings/prepare.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { usedSection } from '../../../harness/bpf/object/attach-point.ts';
import { hookName } from '../../../harness/kernel-btf/prototype.ts';
import { namesOutsideVmlinux } from '../../../harness/predict/findings/support.ts';
import { probedFunction } from '../../../harness/predict/findings/symbols.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { predictedFields, recordedPrediction } from '../../../harness/predict/recorded-prediction.ts';
import { withCustomBtf } from '../../../harness/plan/settings/btf/with-custom-btf.ts';
import { buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';

const SOURCE = `
struct task_struct { int gone; } access_index;
const volatile int wanted = 1;
extern int CONFIG_ABSENT __attribute__((section(".kconfig")));
struct { int (*type)[30]; int (*max_entries)[16]; u32 *value; } newer SEC(".maps");
struct { int (*type)[1]; int (*max_entries)[16]; u32 *key; u32 *value; } older SEC(".maps");
SEC("raw_tp/a") int guarded(u64 *ctx) { struct task_struct *task = (void *)ctx[0]; return wanted ? task->gone : 0; }
SEC("raw_tp/a") int bare(u64 *ctx) { struct task_struct *task = (void *)ctx[0]; return task->gone + (long)&newer + (long)&older; }
SEC("lsm/no_such_hook") int hooked(u64 *ctx) { return 0; }
SEC("?raw_tp/b") int plain(u64 *ctx) { return CONFIG_ABSENT; }
`;

const enumOf = (name: string, ...names: string[]): WrittenType => {
  return { name, kind: 6, vlen: names.length, size: 4, words: names.flatMap((each, index) => [each, index]) };
};
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
const taskWith = (member: string): WrittenType => ({ name: 'task_struct', kind: 4, vlen: 1, size: 4, words: [member, 1, 0] });
const typesOf = (types: readonly WrittenType[]) => indexNames(mustReadBtf(buildBtf(types)));

const KERNEL: KernelTypes = {
  modules: [],
  vmlinux: typesOf([
    INT,
    taskWith('pid'),
    enumOf('bpf_map_type', 'BPF_MAP_TYPE_UNSPEC', 'BPF_MAP_TYPE_HASH', 'BPF_MAP_TYPE_ARRAY', ...numbered('BPF_MAP_TYPE_', 16)),
    enumOf('bpf_prog_type', 'BPF_PROG_TYPE_UNSPEC', 'BPF_PROG_TYPE_LSM', 'BPF_PROG_TYPE_RAW_TRACEPOINT', ...numbered('BPF_PROG_TYPE_', 16)),
    { kind: 13, vlen: 0, size: 1 },
    { name: 'bpf_lsm_file_open', kind: 12, vlen: 1, size: 5 },
  ]),
};

let folder = '';
let object: BpfObject;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predict-settings-'));
  object = readBpfObject(await readFile(await compileBpf(folder, 'settings', SOURCE)), 'settings');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The predictions for the cell and for each program: `fail`, `may-fail`, or `unknown` without a finding. */
async function predicted(settings: ObjectSettings, kernel: KernelTypes | null = KERNEL): Promise<Record<string, string>> {
  const input = { object, file: { path: 'settings.bpf.o', bytes: new Uint8Array() }, directory: folder, placeOf: String };
  const prediction = recordedPrediction(predictCell(asLoaded(object, await prepareSettings(settings, input)), kernel));
  const programs = prediction.programs.map(({ name, status, class: failure }) => [name, [status, failure].filter(Boolean).join(' ')]);
  return Object.fromEntries([['(cell)', predictedFields(prediction)?.class ?? 'unknown'], ...programs]);
}

const MAPS = { alternatives: [['newer', 'older']] };

test('without settings, every program and map that loads by default counts in a prediction', async () => {
  expect(await predicted({})).toEqual({
    '(cell)': 'map-type-unsupported',
    guarded: 'fail map-type-unsupported',
    bare: 'fail map-type-unsupported',
    hooked: 'fail map-type-unsupported',
    plain: 'unknown',
  });
  expect(await predicted(MAPS)).toMatchObject({
    guarded: 'fail core-field-missing',
    bare: 'fail core-field-missing',
    hooked: 'fail attach-target-missing',
  });
  expect(await predicted({ maps: { newer: { autocreate: 'if-supported' } } })).toEqual(await predicted(MAPS));
  expect(await predicted({ maps: { newer: { type: 'hash', key_size: 4 } } })).toEqual(await predicted(MAPS));
});

test('a prediction uses the configured constants and attach targets, and ignores programs that are switched off', async () => {
  const settings: ObjectSettings = {
    ...MAPS,
    variables: { wanted: 0 },
    programs: { bare: { autoload: false }, hooked: { attach_to: 'file_open' } },
  };
  expect(await predicted(settings)).toEqual({
    '(cell)': 'unknown',
    guarded: 'unknown',
    bare: 'unknown',
    hooked: 'unknown',
    plain: 'unknown',
  });
  const supported: ObjectSettings = { ...settings, programs: { bare: { autoload: false }, hooked: { autoload: 'if-supported' } } };
  expect((await predicted(supported))['(cell)']).toBe('unknown');
});

test('a configured attach target is looked up before anything else can fail', async () => {
  expect(await predicted({ programs: { hooked: { attach_to: 'nowhere' } } })).toMatchObject({
    guarded: 'fail map-type-unsupported',
    hooked: 'fail attach-target-missing',
  });
});

test('one program of a group of alternatives must load', async () => {
  const rest: ObjectSettings['programs'] = { guarded: { autoload: false }, hooked: { attach_to: 'file_open' } };
  expect(await predicted({ programs: rest, alternatives: [...MAPS.alternatives, ['bare', 'plain']] })).toEqual({
    '(cell)': 'unknown',
    guarded: 'unknown',
    bare: 'may-fail core-field-missing',
    hooked: 'unknown',
    plain: 'unknown',
  });
  const none = await predicted({ programs: { plain: { autoload: false } }, alternatives: [...MAPS.alternatives, ['bare', 'hooked']] });
  expect(none).toMatchObject({ '(cell)': 'core-field-missing', bare: 'fail core-field-missing', hooked: 'fail attach-target-missing' });
});

test('the kernel does not need a Kconfig value that the settings provide', async () => {
  const kernel = { ...KERNEL, config: 'CONFIG_HZ=250\n' };
  expect(await predicted(MAPS, kernel)).toMatchObject({ '(cell)': 'kconfig-missing' });
  expect(await predicted({ ...MAPS, kconfig: { CONFIG_ABSENT: 1 } }, kernel)).toMatchObject({ '(cell)': 'core-field-missing' });
});

test('custom BTF decides relocations, and the kernel decides everything else', async () => {
  const customBtf = typesOf([INT, taskWith('gone')]);
  const settings: ObjectSettings = { ...MAPS };
  expect(await predicted(settings, withCustomBtf(KERNEL, customBtf))).toMatchObject({
    guarded: 'unknown',
    bare: 'unknown',
    hooked: 'fail attach-target-missing',
  });
  expect(await predicted(settings, null)).toMatchObject({ guarded: 'fail btf-missing', plain: 'unknown' });
  expect(await predicted(settings, withCustomBtf(null, customBtf))).toMatchObject({
    guarded: 'unknown',
    bare: 'unknown',
    hooked: 'fail btf-missing',
  });
});

test('a type in place of that of the section replaces its target, too, and the same type changes nothing', async () => {
  const withType = async (type: 'raw_tracepoint' | 'lsm') => (await predicted({ ...MAPS, programs: { hooked: { type } } }))['hooked'];
  expect([await withType('raw_tracepoint'), await withType('lsm')]).toEqual(['unknown', 'fail attach-target-missing']);
});

test('a given type makes the target and the flags of the section meaningless to every question about the program', async () => {
  const source = 'SEC("xdp.frags/none") int packet(u64 *ctx) { return 0; } SEC("fentry/none") int function(u64 *ctx) { return ctx[0]; }';
  const bytes = await readFile(await compileBpf(folder, 'given-types', source));
  const given = readBpfObject(bytes, 'given-types');
  const asGiven = { ...given, programs: given.programs.map((program) => ({ ...program, type: 'raw_tracepoint', hasGivenType: true })) };
  const answers = ({ programs }: BpfObject) =>
    programs.map((program) => [usedSection(program), hookName(program), probedFunction(program)].map(String).join(' '));
  expect([answers(given), namesOutsideVmlinux(given)]).toEqual([['xdp.frags/none null null', 'fentry/none none null'], ['none']]);
  expect([answers(asGiven), namesOutsideVmlinux(asGiven)]).toEqual([[' null null', ' null null'], []]);
  const prediction = recordedPrediction(predictCell(asGiven, KERNEL));
  expect(prediction.programs.map(({ status }) => status)).toEqual(['unknown', 'unknown']);
});

test('for lsm_cgroup, attach_to names a cgroup, and the section names the hook', async () => {
  const source =
    'SEC("lsm_cgroup/file_open") int known(u64 *ctx) { return 1; } SEC("lsm_cgroup/no_such_hook") int unknown(u64 *ctx) { return 1; }';
  const bytes = await readFile(await compileBpf(folder, 'in-cgroups', source));
  const inCgroups = readBpfObject(bytes, 'in-cgroups');
  const settings = {
    mode: 'attach' as const,
    programs: { known: { attach_to: '/sys/fs/cgroup' }, unknown: { attach_to: '/sys/fs/cgroup' } },
  };
  const prepared = await prepareSettings(settings, {
    object: inCgroups,
    file: { path: 'in-cgroups.bpf.o', bytes },
    directory: folder,
    placeOf: String,
  });
  const prediction = predictCell(asLoaded(inCgroups, prepared), KERNEL);
  expect(recordedPrediction(prediction).programs.map(({ name, status, class: failure }) => [name, status, failure])).toEqual([
    ['known', 'unknown', null],
    ['unknown', 'fail', 'attach-target-missing'],
  ]);
});
