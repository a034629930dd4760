// Tests of the choice of the accelerator: KVM is used only if a guest has run under it, not because its device can be opened.
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseAccel } from '../../../harness/guest/accel.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accel-'));
  // If KVM can be opened but runs no guest, QEMU ends like this. Each start adds a line.
  const qemu = `#!/bin/sh\necho started >> '${folder}/starts'\necho 'error: failed to set MSR 0x480' >&2\nkill -ABRT $$\n`;
  await writeFile(join(folder, 'qemu'), qemu);
  await chmod(join(folder, 'qemu'), 0o755);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function choose(wanted: 'auto' | 'kvm' | 'tcg', qemuVersion: string, device: string) {
  const signal = new AbortController().signal;
  const images = [{ method: 'pvh', path: join(folder, 'vmlinux') } as const];
  return chooseAccel(wanted, {
    qemuVersion,
    outcomeFile: join(folder, 'cache/accel.json'),
    device,
    qemuProgram: join(folder, 'qemu'),
    images,
    initramfs: join(folder, 'initramfs'),
    directory: join(folder, 'probe'),
    signal,
  });
}

const starts = async () => (await readFile(join(folder, 'starts'), 'utf8').catch(() => '')).split('\n').length - 1;

it('the accelerator is the requested one, or emulation without a KVM device, in both cases without a probe', async () => {
  expect([await choose('kvm', 'QEMU 1', '/dev/null'), await choose('tcg', 'QEMU 1', '/dev/null')]).toEqual([
    { accel: 'kvm', reason: 'requested on the command line' },
    { accel: 'tcg', reason: 'requested on the command line' },
  ]);
  const missing = join(folder, 'kvm');
  expect(await choose('auto', 'QEMU 1', missing)).toEqual({ accel: 'tcg', reason: `${missing} is missing or may not be opened` });
  expect(await starts()).toBe(0);
});

it('the accelerator is emulation if KVM opens but runs no guest, and only another QEMU is probed again', async () => {
  const first = await choose('auto', 'QEMU 1', '/dev/null');
  expect(first).toEqual({
    accel: 'tcg',
    reason: 'KVM cannot run a guest here: the guest did not boot: QEMU ended: error: failed to set MSR 0x480',
  });
  const probes = await starts();
  expect(await choose('auto', 'QEMU 1', '/dev/null')).toEqual(first);
  expect(await starts()).toBe(probes);
  expect(await choose('auto', 'QEMU 2', '/dev/null')).toEqual(first);
  expect(await starts()).toBeGreaterThan(probes);
  expect(await readdir(folder)).not.toContain('probe');
});
