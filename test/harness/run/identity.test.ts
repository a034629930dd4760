// What the verdict of a cell depends on: a kept verdict is used again only if all of it is the same.
import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createLogStore, logText } from '../../../harness/results/logs.ts';
import { cellIdentity, commonIdentity } from '../../../harness/run/identity.ts';
import { identityKey, keepCell, keptCellSchema, restoreCell } from '../../../harness/run/stored-cell.ts';
import { toolDigest } from '../../../harness/run/tool-digest.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { IDENTITY, OTHER_IDENTITIES } from './cell-identity.ts';

const LINE = 'QEMU emulator version 10.0.0';
const RUN = { agent: { sha256: 'default agent' }, isolation: 'snapshot' } as const;

describe('what the verdict of a cell depends on', () => {
  it('all cells of a run depend on agent, isolation, machine and tool; the processor of the host counts only under KVM', async () => {
    const common = { agentSha256: 'default agent', isolation: 'snapshot', tool: await toolDigest() };
    const machine = { memoryMiB: 512, mailboxMiB: 64 };
    expect([
      await commonIdentity(RUN, 'tcg', LINE),
      await commonIdentity(RUN, 'kvm', LINE),
      (await commonIdentity({ ...RUN, isolation: 'boot' }, 'tcg', LINE)).isolation,
    ]).toEqual([
      { ...common, machine: [LINE, { arch: 'x86_64', accel: 'tcg', ...machine }, null] },
      { ...common, machine: [LINE, { arch: 'x86_64', accel: 'kvm', ...machine }, cpus()[0]?.model ?? null] },
      'boot',
    ]);
  });

  it('the verdict of a cell depends on its kernel, its object, and every setting and file of the object', async () => {
    const common = await commonIdentity(RUN, 'tcg', LINE);
    const kernel = {
      result: { sha256: 'kernel' },
      configSha256: 'config',
      agentSha256: 'agent of the libbpf release',
      packageModules: 'modules',
    };
    const object = { file: '/some/folder/a.bpf.o', settings: { programs: {} }, prepared: {}, result: { sha256: 'object' } };
    const command = { argv: ['./loader'], files: [], env: {}, timeoutMs: 1000, folder: '/', tar: Buffer.alloc(0), sha256: 'loader' };
    const btf = { bytes: new Uint8Array(), sha256: 'custom BTF' };
    const whole = cellIdentity(common, kernel, object, null);
    expect(whole).toEqual({
      ...common,
      agentSha256: 'agent of the libbpf release',
      kernelSha256: 'kernel',
      configSha256: 'config',
      packageModules: 'modules',
      objectSha256: 'object',
      plan: ['a.bpf.o', { programs: {} }, {}],
    });
    expect(cellIdentity(common, { ...kernel, result: { sha256: null } }, object, null).kernelSha256).toBe('');
    expect(cellIdentity(common, kernel, { ...object, file: '/other/folder/a.bpf.o' }, null)).toEqual(whole);
    expect(cellIdentity(common, kernel, { ...object, prepared: { btf: async () => null, command } }, btf).plan).toEqual([
      'a.bpf.o',
      { programs: {} },
      { btf: 'custom BTF', command: 'loader' },
    ]);
  });

  it('a difference in any part of an identity gives another key', () => {
    const keys = [IDENTITY, ...OTHER_IDENTITIES].map(identityKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(identityKey({ ...IDENTITY })).toBe(keys[0]);
  });
});

describe('a kept cell', () => {
  const cell = SAMPLE.cells.find(({ logs }) => logs.libbpf !== null && logs.console === null);
  if (!cell) throw new Error('the sample has no such cell');

  it('a kept cell has the texts of its logs, and gets ids in the store of the next run', () => {
    const kept = keepCell(IDENTITY, cell, SAMPLE.logs);
    const text = logText(SAMPLE.logs, cell.logs.libbpf);
    expect([kept.key, kept.cell, kept.texts[cell.logs.libbpf ?? '']]).toEqual([identityKey(IDENTITY), cell, text]);
    expect(Object.keys(kept.texts)).not.toContain('null');
    const logs = createLogStore();
    const restored = restoreCell(kept, logs);
    expect({ ...restored, logs: null, programs: null }).toEqual({ ...cell, logs: null, programs: null });
    expect([logText(logs, restored.logs.libbpf), restored.logs.console]).toEqual([text, null]);
    const damaged = restoreCell({ ...kept, texts: {} }, createLogStore());
    expect(damaged.logs.libbpf).toBeNull();
  });

  it('a kept cell with another form is not read', () => {
    const kept = keepCell(IDENTITY, cell, SAMPLE.logs);
    const reads = (value: unknown) => keptCellSchema.safeParse(value).success;
    expect([kept, { ...kept, more: 1 }, { ...kept, key: 1 }, { ...kept, texts: { t0: 1 } }, { ...kept, cell: {} }, {}].map(reads)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
