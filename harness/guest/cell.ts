// One cell's guest: restored from a snapshot or booted, given one object, and ended; what it said comes back as raw evidence.
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError, toInfraError } from '../base/errors.ts';
import { bootGuest, type BootRequest, sparseFile } from './boot.ts';
import { encodeRequest, type Frame, REQUEST_HEADER_LENGTH, type RequestFrame } from './frames.ts';
import { type Machine, qemuArguments } from './machine.ts';
import { type QemuProcess, startQemu } from './qemu.ts';
import { readResponse, readUnfinished } from './response.ts';
import { sandboxArguments } from './sandbox.ts';
import { loadState, type Snapshot } from './snapshot.ts';
import { awaitDone, type MailboxPlace, type Patience } from './watch.ts';

const MIB = 1 << 20;
/** What a guest says of an object and a few attempts at it takes less. */
const LEAST_RESPONSE = 8 * MIB;
/** What the end of QEMU may take to be noticed. */
const ENDING_MS = 200;

/** What a guest that answered said, not yet judged. */
export interface GuestAnswer {
  frames: Frame[];
  /** Bytes of log text that found no room in the mailbox. */
  dropped: number;
  console: string;
  command: string[];
  /** Wall time from the start of QEMU until it was gone. */
  durationMs: number;
}

/** A guest that gave no verdict. */
export interface GuestFailure {
  error: InfraError;
  /** What it said until then, as far as it makes sense. */
  frames: Frame[];
  console: string;
  command: string[];
  durationMs: number;
}

export type GuestResult = ({ ok: true } & GuestAnswer) | ({ ok: false } & GuestFailure);

export interface CellRequest {
  /** The object and what is to be done with it. */
  frames: readonly RequestFrame[];
  /** A folder of this cell's own; it is removed in the end, unless it is to be kept. */
  directory: string;
  patience: Patience;
  /** The folder stays. */
  keep?: boolean;
  signal: AbortSignal;
}

/**
 * Each part of a request has a limit of its own; together they must leave room for what the guest says.
 * @throws InfraError when they do not
 */
function checkFits(responseOffset: number, mailboxMiB: number): void {
  if (responseOffset <= mailboxMiB * MIB - LEAST_RESPONSE) return;
  const [size, most] = [responseOffset, mailboxMiB * MIB - LEAST_RESPONSE].map((bytes) => (bytes / MIB).toFixed(1));
  throw new InfraError(`object, BTF, modules and files of commands have ${size} MiB together, and ${most} MiB fit a guest`);
}

/** A conversation that broke off, with what was said until then. */
class BrokenOff extends Error {
  readonly frames: Frame[];

  constructor(frames: Frame[], cause: unknown) {
    super('broken off', { cause });
    this.frames = frames;
  }
}

async function converse(
  qemu: QemuProcess,
  place: MailboxPlace,
  mailboxMiB: number,
  request: CellRequest,
): Promise<Pick<GuestAnswer, 'frames' | 'dropped'>> {
  const ring = await awaitDone(qemu, place, request.patience, join(request.directory, 'header')).catch(async (error: unknown) => {
    const file = join(request.directory, 'unfinished');
    throw new BrokenOff(await readUnfinished(qemu, place.address, place.responseOffset, mailboxMiB * MIB, file), error);
  });
  const response = await readResponse(qemu, ring, mailboxMiB * MIB, join(request.directory, 'response'));
  if (response.damage) throw new InfraError(`the guest's response is damaged: ${response.damage}`);
  if (!response.frames.some((frame) => frame.type === 'end')) throw new InfraError("the guest's response has no end");
  return { frames: response.frames, dropped: response.header.dropped };
}

/** Runs `talk` on a started QEMU and ends QEMU whatever happens; infrastructure errors become data. */
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
    // A monitor that is closed or a bell that is silent says less than how QEMU ended.
    const ending = (await qemu?.ending(ENDING_MS)) ?? null;
    await qemu?.kill();
    request.signal.throwIfAborted();
    const [frames, reason] = error instanceof BrokenOff ? [error.frames, error.cause] : [[], error];
    return { ok: false, error: ending ?? toInfraError(reason), frames, ...facts() };
  } finally {
    if (request.keep !== true) await rm(request.directory, { recursive: true, force: true });
  }
}

/** Loads an object in a private copy of a snapshot. Only an interrupt rejects; every trouble with the guest is a result. */
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
    return converse(qemu, { address: BigInt(snapshot.mailboxAddress), responseOffset }, machine.mailboxMiB, request);
  });
}

/** Puts a request into the mailbox of a guest that is up and waits for it: the header, which the guest watches, comes last. */
async function post(mailboxFile: string, request: Buffer): Promise<void> {
  const file = await open(mailboxFile, 'r+');
  try {
    await file.write(request, REQUEST_HEADER_LENGTH, request.length - REQUEST_HEADER_LENGTH, REQUEST_HEADER_LENGTH);
    await file.write(request, 4, REQUEST_HEADER_LENGTH - 4, 4);
    await file.write(request, 0, 4, 0);
  } finally {
    await file.close();
  }
}

/** Loads an object in a guest booted for it alone. Only an interrupt rejects; every trouble with the guest is a result. */
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
    await post(join(request.directory, 'mailbox'), bytes);
    return converse(qemu, { address, responseOffset }, boot.machine.mailboxMiB, request);
  });
}
