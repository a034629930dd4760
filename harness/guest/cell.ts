// The guest of one cell: restored or booted, sent one object, and ended. Its output is returned as raw evidence.
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError, toInfraError } from '../base/errors.ts';
import { bootGuest, type BootRequest, sparseFile } from './boot.ts';
import { type Machine, qemuArguments } from './machine.ts';
import type { Frame, RequestFrame } from './protocol/frames.ts';
import { headerLength, REQUEST_HEADER } from './protocol/mailbox.ts';
import { encodeRequest } from './protocol/request.ts';
import { type QemuProcess, startQemu } from './qemu.ts';
import { type LiveMailbox, readResponse, readUnfinished } from './response.ts';
import { sandboxArguments } from './sandbox.ts';
import type { Snapshot } from './kept-snapshot.ts';
import { loadState } from './snapshot.ts';
import { awaitDone, type CellLimits } from './watch.ts';

const MIB = 1 << 20;
/** Enough for the output of a few load attempts. */
const LEAST_RESPONSE = 8 * MIB;
/** Time to wait for the end of QEMU, in milliseconds. */
const ENDING_MS = 200;

/** The answer of a guest, before any verdict. */
export interface GuestAnswer {
  frames: Frame[];
  /** Bytes of log text that did not fit into the mailbox. */
  dropped: number;
  console: string;
  command: string[];
  /** Wall time from the start of QEMU to its end. */
  durationMs: number;
}

/** A guest without a verdict. */
export interface GuestFailure {
  error: InfraError;
  /** Its valid frames up to then. */
  frames: Frame[];
  console: string;
  command: string[];
  durationMs: number;
}

export type GuestResult = ({ ok: true } & GuestAnswer) | ({ ok: false } & GuestFailure);

export interface CellRequest {
  /** The object and the requested actions. */
  frames: readonly RequestFrame[];
  /** A folder for this cell alone; it is removed at the end unless `keep` is set. */
  directory: string;
  limits: CellLimits;
  /** Whether to keep the folder. */
  keep?: boolean;
  signal: AbortSignal;
}

/**
 * Checks that a request leaves room in the mailbox for the response. Each part has its own limit, but the sum needs one, too.
 * @throws InfraError if the request is too large
 */
function checkFits(responseOffset: number, mailboxMiB: number): void {
  if (responseOffset <= mailboxMiB * MIB - LEAST_RESPONSE) return;
  const [size, most] = [responseOffset, mailboxMiB * MIB - LEAST_RESPONSE].map((bytes) => (bytes / MIB).toFixed(1));
  throw new InfraError(`object, BTF, modules and files of commands have ${size} MiB together, and ${most} MiB fit a guest`);
}

/** A broken conversation with a guest, with its frames up to then. */
class BrokenOff extends Error {
  readonly frames: Frame[];

  constructor(frames: Frame[], cause: unknown) {
    super('broken off', { cause });
    this.frames = frames;
  }
}

/** Waits for the answer of a guest that has its request, and reads it. */
async function converse(
  mailbox: LiveMailbox,
  responseOffset: number,
  limits: CellLimits,
): Promise<Pick<GuestAnswer, 'frames' | 'dropped'>> {
  const ring = await awaitDone(mailbox, responseOffset, limits).catch(async (error: unknown) => {
    throw new BrokenOff(await readUnfinished(mailbox, responseOffset), error);
  });
  const response = await readResponse(mailbox, ring);
  if (response.damage) throw new InfraError(`the guest's response is damaged: ${response.damage}`);
  if (!response.frames.some((frame) => frame.type === 'end')) throw new InfraError("the guest's response has no end");
  return { frames: response.frames, dropped: response.header.dropped };
}

/** Runs `talk` on a started QEMU and always ends QEMU. Infrastructure errors become data. */
async function withGuest(
  start: () => Promise<QemuProcess>,
  request: CellRequest,
  talk: (qemu: QemuProcess) => Promise<Pick<GuestAnswer, 'frames' | 'dropped'>>,
): Promise<GuestResult> {
  const started = performance.now();
  let qemu: QemuProcess | null = null;
  const facts = () => ({ console: qemu?.console() ?? '', command: qemu?.command ?? [], durationMs: performance.now() - started });
  try {
    await mkdir(request.directory, { recursive: true });
    qemu = await start();
    const said = await talk(qemu);
    await qemu.kill();
    return { ok: true, ...said, ...facts() };
  } catch (error) {
    // The end of QEMU explains more than a closed monitor or a silent bell.
    const ending = (await qemu?.ending(ENDING_MS)) ?? null;
    await qemu?.kill();
    request.signal.throwIfAborted();
    const [frames, reason] = error instanceof BrokenOff ? [error.frames, error.cause] : [[], error];
    return { ok: false, error: ending ?? toInfraError(reason), frames, ...facts() };
  } finally {
    if (request.keep !== true) await rm(request.directory, { recursive: true, force: true });
  }
}

/** Loads an object in a private copy of a snapshot. Only an interrupt rejects; every failure of the guest is a result. */
export async function runRestored(qemuProgram: string, machine: Machine, snapshot: Snapshot, request: CellRequest): Promise<GuestResult> {
  const mailbox = join(request.directory, 'mailbox');
  const { bytes, responseOffset } = encodeRequest(request.frames);
  const start = async () => {
    checkFits(responseOffset, machine.mailboxMiB);
    await sparseFile(mailbox, machine.mailboxMiB, bytes);
    const files = { ram: snapshot.ramFile, mailbox, private: true };
    const sandbox = await sandboxArguments(qemuProgram, { saves: false });
    return startQemu(qemuProgram, [...qemuArguments(machine, files, 'restore'), ...sandbox], request.signal);
  };
  return withGuest(start, request, async (qemu) => {
    await loadState(qemu, snapshot.stateFile);
    await qemu.qmp.execute('cont');
    const { directory, limits } = request;
    const live = { qemu, address: BigInt(snapshot.mailboxAddress), size: machine.mailboxMiB * MIB, directory };
    return converse(live, responseOffset, limits);
  });
}

/** Writes a request into the mailbox of a waiting guest. The header comes last, because the guest watches it. */
async function post(mailboxFile: string, request: Buffer): Promise<void> {
  const file = await open(mailboxFile, 'r+');
  const header = headerLength(REQUEST_HEADER);
  try {
    await file.write(request, header, request.length - header, header);
    await file.write(request, 4, header - 4, 4);
    await file.write(request, 0, 4, 0);
  } finally {
    await file.close();
  }
}

/** Loads an object in a guest booted for it alone. Only an interrupt rejects; every failure of the guest is a result. */
export async function runBooted(boot: Omit<BootRequest, 'directory' | 'signal'>, request: CellRequest): Promise<GuestResult> {
  const { bytes, responseOffset } = encodeRequest(request.frames);
  let address = 0n;
  const start = async () => {
    checkFits(responseOffset, boot.machine.mailboxMiB);
    const guest = await bootGuest({ ...boot, directory: request.directory, signal: request.signal });
    address = guest.mailboxAddress;
    return guest.qemu;
  };
  return withGuest(start, request, async (qemu) => {
    const { directory, limits } = request;
    await post(join(directory, 'mailbox'), bytes);
    return converse({ qemu, address, size: boot.machine.mailboxMiB * MIB, directory }, responseOffset, limits);
  });
}
