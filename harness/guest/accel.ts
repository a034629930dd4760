// Chooses the accelerator. KVM is used only after a real guest has run under it: a /dev/kvm that opens proves nothing.
import { access, constants } from 'node:fs/promises';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readCachedText } from '../base/cached-file.ts';
import { messageOf } from '../base/errors.ts';
import { bootGuest, type BootRequest } from './boot.ts';
import { machineFor } from './machine.ts';
import type { Accel } from './machines.ts';

export interface AccelChoice {
  accel: Accel;
  reason: string;
}

/** The guest that shows whether KVM runs any. */
export interface AccelProbe extends Omit<BootRequest, 'machine' | 'timeoutMs'> {
  /** QEMU's version line. */
  qemuVersion: string;
  /** Keeps the result of the probe for later runs on the same boot of the host. */
  outcomeFile: string;
  /** The device file of KVM. @default '/dev/kvm' */
  device?: string;
}

const PROBE_MS = 6000;

async function readProbe(file: string, host: string): Promise<AccelChoice | null> {
  try {
    const kept: unknown = JSON.parse((await readCachedText(file)) ?? 'null');
    if (!kept || typeof kept !== 'object' || !('host' in kept) || kept.host !== host) return null;
    if (!('reason' in kept) || typeof kept.reason !== 'string' || !('accel' in kept)) return null;
    return kept.accel === 'kvm' || kept.accel === 'tcg' ? { accel: kept.accel, reason: kept.reason } : null;
  } catch {
    return null;
  }
}

/** Boots a kernel under KVM for a few seconds at most. */
async function probeKvm(request: AccelProbe): Promise<AccelChoice> {
  try {
    const guest = await bootGuest({
      ...request,
      machine: machineFor('x86_64', 'kvm'),
      images: request.images.slice(0, 1),
      timeoutMs: PROBE_MS,
    });
    await guest.qemu.kill();
    return { accel: 'kvm', reason: `a guest came up under KVM in ${Math.round(guest.bootMs)} ms` };
  } catch (error) {
    request.signal.throwIfAborted();
    return { accel: 'tcg', reason: `KVM cannot run a guest here: ${messageOf(error)}` };
  } finally {
    await rm(request.directory, { recursive: true, force: true });
  }
}

/** Identifies this host and its QEMU until the next boot, for which the result of a probe is valid. */
async function hostIdentity(qemuVersion: string): Promise<string> {
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${bootId.trim()} ${qemuVersion}`;
}

/**
 * Chooses the accelerator: the requested one, or KVM if a probe guest runs under it, or TCG.
 * @throws the reason of its signal if the probe is interrupted
 */
export async function chooseAccel(wanted: Accel | 'auto', probe: AccelProbe): Promise<AccelChoice> {
  const { qemuVersion, outcomeFile, device = '/dev/kvm' } = probe;
  if (wanted !== 'auto') return { accel: wanted, reason: 'requested on the command line' };
  try {
    await access(device, constants.R_OK | constants.W_OK);
  } catch {
    return { accel: 'tcg', reason: `${device} is missing or may not be opened` };
  }
  const host = await hostIdentity(qemuVersion);
  const kept = await readProbe(outcomeFile, host);
  if (kept) return kept;
  const choice = await probeKvm(probe);
  try {
    await mkdir(dirname(outcomeFile), { recursive: true });
    await writeFile(outcomeFile, JSON.stringify({ host, ...choice }));
  } catch {
    // If the cache cannot be written, every run probes again.
  }
  return choice;
}
