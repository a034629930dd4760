// Boots a kernel until its agent is ready.
import { mkdir, open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError, messageOf } from '../base/errors.ts';
import { withPath } from '../base/machine-trouble.ts';
import { diagnoseBoot, progressOf } from './diagnosis.ts';
import type { Hello } from './protocol/frames.ts';
import { type Machine, type MemoryFiles, qemuArguments } from './machine.ts';
import type { BootMethod } from './machines.ts';
import { type QemuProcess, startQemu } from './qemu.ts';
import { readResponse } from './response.ts';
import { sandboxArguments } from './sandbox.ts';

export interface BootImage {
  method: BootMethod;
  path: string;
}

/** A booted guest; its agent waits for a request. */
export interface ReadyGuest {
  qemu: QemuProcess;
  hello: Hello;
  /** Guest-physical address of the mailbox. */
  mailboxAddress: bigint;
  method: BootMethod;
  bootMs: number;
  /** The time from the start of the kernel to `hello`, by the clock of the guest. */
  uptimeMs: number;
}

export interface BootRequest {
  qemuProgram: string;
  machine: Machine;
  images: readonly BootImage[];
  /** Path of the initramfs archive. */
  initramfs: string;
  /** An existing folder for this guest alone; memory and mailbox files are created in it. */
  directory: string;
  timeoutMs: number;
  /** Whether the guest will be saved. @default false */
  saves?: boolean;
  signal: AbortSignal;
}

const MIB = 1 << 20;

/**
 * How often an image is booted until the guest's clock is right. On a busy machine about one boot of ten has a wrong clock. The last guest
 * is used whatever its clock: only times depend on it, no verdict does.
 */
const MOST_BOOTS = 5;

/** Makes a sparse file of `mib` MiB that begins with `head`. */
export async function sparseFile(path: string, mib: number, head: Uint8Array = new Uint8Array()): Promise<void> {
  try {
    await writeFile(path, head);
    await truncate(path, mib * MIB);
  } catch (error) {
    throw withPath(error, path);
  }
}

/** A boot that failed. */
class FailedBoot extends InfraError {
  /** How far it got, as `progressOf` counts. */
  readonly progress: number;

  constructor(ended: string, console: string, cause: unknown) {
    super(diagnoseBoot(ended, console), { cause, failure: 'infra-boot' });
    this.progress = progressOf(ended, console);
  }
}

async function bootWith(image: BootImage, request: BootRequest): Promise<ReadyGuest> {
  const { machine, directory, qemuProgram, saves = false } = request;
  const files: MemoryFiles = { ram: join(directory, 'ram'), mailbox: join(directory, 'mailbox'), private: false };
  await sparseFile(files.ram, machine.memoryMiB);
  await sparseFile(files.mailbox, machine.mailboxMiB);
  const sandbox = await sandboxArguments(qemuProgram, { saves });
  const started = performance.now();
  const args = qemuArguments(machine, files, { kernel: image.path, initramfs: request.initramfs });
  const qemu = startQemu(qemuProgram, [...args, ...sandbox], request.signal);
  try {
    const ring = await qemu.nextRing(request.timeoutMs);
    const bootMs = performance.now() - started;
    const mailbox = { qemu, address: ring.mailboxAddress, size: machine.mailboxMiB * MIB, directory };
    const response = await readResponse(mailbox, ring);
    const hello = response.frames.find((frame) => frame.type === 'hello');
    if (!hello) throw new InfraError(response.damage ?? 'the agent did not introduce itself');
    const uptimeMs = response.frames.find((frame) => frame.type === 'uptime')?.uptimeMs ?? 0;
    return { qemu, hello, mailboxAddress: ring.mailboxAddress, method: image.method, bootMs, uptimeMs };
  } catch (error) {
    await qemu.kill();
    request.signal.throwIfAborted();
    throw new FailedBoot(messageOf(error), qemu.console(), error);
  }
}

/**
 * True if the clock of the guest is faster than that of the host. At its start a kernel measures the frequency of the TSC. If QEMU has to
 * wait for a processor meanwhile, the result is too small by up to a factor of 40, and all times in the guest are too long by that factor.
 * @see quick_pit_calibrate() and pit_calibrate_tsc() in Linux's arch/x86/kernel/tsc.c
 */
function hasFastClock({ uptimeMs, bootMs }: ReadyGuest): boolean {
  return uptimeMs > bootMs;
}

/** Boots an image, and again if the clock of the guest is too fast. */
async function bootWithClock(image: BootImage, request: BootRequest): Promise<ReadyGuest> {
  for (let boots = 1; ; boots += 1) {
    const guest = await bootWith(image, request);
    if (boots === MOST_BOOTS || !hasFastClock(guest)) return guest;
    await guest.qemu.kill();
  }
}

/**
 * Boots the images in turn until one comes up.
 * @throws InfraError if none does, with the reason of the one that got furthest, or of the first of these
 */
export async function bootGuest(request: BootRequest): Promise<ReadyGuest> {
  await mkdir(request.directory, { recursive: true });
  let furthest: FailedBoot | null = null;
  for (const image of request.images) {
    try {
      return await bootWithClock(image, request);
    } catch (error) {
      request.signal.throwIfAborted();
      if (!(error instanceof FailedBoot)) throw error;
      if (furthest === null || error.progress > furthest.progress) furthest = error;
    }
  }
  throw furthest ?? new InfraError('no image to boot', { failure: 'infra-boot' });
}

/** Flushes a file to disk, so that a file renamed into the cache survives a crash of the host. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
