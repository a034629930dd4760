// Tests of the request frames of prepared settings, and of the digests that a verdict depends on.
import { expect, test } from 'vitest';
import { settingDigests, settingFrames } from '../../../../harness/plan/object-settings/setting-frames.ts';
import type { PreparedSettings } from '../../../../harness/plan/object-settings/setting-table.ts';

const PREPARED: PreparedSettings = {
  programs: { on_exec: { type: 'tracing', autoload: 'if-supported', attach_to: 'security_bprm_check' } },
  maps: { counts: { cpus: true } },
  alternatives: [{ kind: 'programs', names: ['on_exec', 'on_exec_probe'] }],
  btf: async () => null,
  pins: true,
  mode: 'run',
  trigger: { triggers: [{ kind: 'built-in', name: 'exec' }], commands: null },
  check: [
    { kind: 'runs', program: 'on_exec', atLeast: 1 },
    { kind: 'events', program: null, map: 'execs', atLeast: 1 },
  ],
  modules: ['veth'],
  loader: 'libbpf@1.1',
};
const NOTHING = { customBtf: null, modules: [] };
const typesOf = (prepared: PreparedSettings, onKernel: Parameters<typeof settingFrames>[1]) =>
  settingFrames(prepared, onKernel).map(({ type }) => type);

test('attach targets are set after all settings that decide which programs load', () => {
  expect(typesOf(PREPARED, NOTHING)).toEqual([
    'program-setting',
    'autoload',
    'map-setting',
    'alternatives',
    'pins',
    'attach',
    'run',
    'trigger',
    'count-events',
    'attach-to',
  ]);
});

test('a kernel adds frames for its modules and its custom BTF', () => {
  const onKernel = { customBtf: { bytes: new Uint8Array(1), sha256: 'b' }, modules: [{ name: 'veth', ko: new Uint8Array(2) }] };
  const added = typesOf(PREPARED, onKernel).filter((type) => !typesOf(PREPARED, NOTHING).includes(type));
  expect(added).toEqual(['btf', 'module']);
  expect(settingDigests(PREPARED, onKernel)).toEqual({ btf: 'b' });
});

test('a setting that is absent or false makes no frames', () => {
  expect(typesOf({}, NOTHING)).toEqual([]);
  expect(typesOf({ pins: false, mode: 'load', kconfig: { values: new Map(), text: '' } }, NOTHING)).toEqual([]);
});

test('packed commands have digests with the names of their settings', () => {
  const packed = { tar: Buffer.alloc(0), sha256: 'c' };
  const command = { ...packed, timeoutMs: 1, folder: '/', argv: ['/loader'], env: {} };
  expect(settingDigests({ command }, NOTHING)).toEqual({ command: 'c' });
  expect(typesOf({ command }, NOTHING)).toEqual(['archive', 'command']);
  const trigger = { triggers: [], commands: { ...packed, commands: new Map() } };
  expect(settingDigests({ trigger }, NOTHING)).toEqual({ trigger: 'c' });
});
