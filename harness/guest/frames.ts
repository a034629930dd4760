// The host side of the mailbox protocol: encoding a request, reading a response. The guest side is harness/guest/agent/frames.h.
import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { LOAD_FRAME, type LoadFrame, loadPayload } from './load-frames.ts';
import { LOADER_FRAME, type LoaderFrame, loaderPayload } from './custom-loader-frames.ts';
import { u32 } from './payload.ts';
import { isRunCheckFrame, TRIAL_FRAME, type RunCheckFrame, runCheckPayload } from './run-check-frames.ts';

const MAGIC = 0x31424d58;
const REQUEST_OFFSET = 0x1000;
/** Bytes of the request header at the beginning of the mailbox; its first four are what the guest waits for. */
export const REQUEST_HEADER_LENGTH = 16;
const PAGE = 0x1000;
const FRAME_HEADER = 8;
/** More than any load prints. Empty frames would take many times the memory of the mailbox they lie in. */
const MAX_FRAMES = 1_000_000;

/** Where the guest keeps its response header, and how many bytes of it there are to read. */
export const RESPONSE_HEADER = { offset: 0x800, length: 28 } as const;

const FRAME = {
  object: 1,
  hello: 16,
  program: 17,
  attemptBegin: 18,
  log: 19,
  attemptEnd: 20,
  kernelLog: 21,
  crash: 22,
  end: 23,
  attached: 56,
  triggered: 57,
  events: 58,
  mapValue: 59,
  runs: 60,
  leftOut: 46,
  chosen: 47,
  ...LOAD_FRAME,
  ...LOADER_FRAME,
  output: 72,
  commandEnd: 73,
  moduleEnd: 74,
  triggerEnd: 61,
  ...TRIAL_FRAME,
} as const;

/** What the guest says of itself when it is ready. */
export interface Hello {
  /** `uname -r` */
  release: string;
  /** `uname -v` */
  version: string;
  /** `uname -m` */
  machine: string;
  libbpf: string;
  /** Bytes of /sys/kernel/btf/vmlinux, 0 when there is none. */
  btfSize: number;
}

/** How a command ended: `value` is its exit status, the signal, its time in ms, or the errno that kept it from starting. */
export interface CommandEnd {
  end: 'exited' | 'killed' | 'timed-out' | 'not-started';
  value: number;
  ms: number;
  /** Bytes of output that were too many. */
  dropped: number;
}

const COMMAND_ENDS = ['exited', 'killed', 'timed-out', 'not-started'] as const;

export type Frame =
  | ({ type: 'hello' } & Hello)
  | { type: 'program'; name: string; section: string; programType: string; autoload: boolean; insns: number }
  | { type: 'attempt-begin'; program: string }
  | { type: 'log'; level: number; text: string }
  | { type: 'attempt-end'; reached: number; errno: number; openMs: number; loadMs: number }
  | { type: 'kernel-log'; text: string }
  | { type: 'crash'; waitStatus: number }
  | { type: 'left-out'; why: number; program: string; what: string }
  | { type: 'chosen'; name: string }
  | { type: 'end'; guestMs: number }
  /** What a command printed, an object's own loader or a trigger: 1 standard output, 2 standard error. */
  | { type: 'output'; stream: number; bytes: Buffer }
  | ({ type: 'command-end' } & CommandEnd)
  /** `index` is that of the trigger in the request. */
  | ({ type: 'trigger-end'; index: number } & CommandEnd)
  /** `errno` is 0 when the module was loaded. */
  | { type: 'module-end'; name: string; errno: number }
  /** A program of the attempt before, or a struct_ops map; `errno` is 0 when it was attached. */
  | { type: 'attached'; kind: 'program' | 'map'; errno: number; name: string; detail: string }
  /** `index` is that of the trigger or check in the request; `errno` 0 when it went well. */
  | { type: 'triggered'; index: number; errno: number; returned: number }
  | { type: 'events'; index: number; errno: number; count: number }
  | { type: 'map-value'; index: number; errno: number; value: Buffer }
  | { type: 'runs'; program: string; count: number };

/** The state of a response as its header tells it; `complete` once the guest has said all. */
export interface ResponseHeader {
  length: number;
  /** Bytes of log text that found no room in the mailbox. */
  dropped: number;
  complete: boolean;
  /** CRC-32 of a complete response. */
  crc: number;
  /** Grows every second as long as the guest runs processes at all. */
  beats: number;
}

/** Frames of a response; `damage` says what was wrong where reading stopped, null when nothing was. */
export interface Response {
  frames: Frame[];
  damage: string | null;
}

/** What the host says to the guest: one object, and what is to be done to it before it is loaded. */
export type RequestFrame =
  /** `name` is cut to 255 bytes. */
  { type: 'object'; name: string; elf: Uint8Array } | LoadFrame | RunCheckFrame | LoaderFrame;

function payloadOf(frame: RequestFrame): Uint8Array[] {
  if (frame.type === 'archive' || frame.type === 'command' || frame.type === 'module') return loaderPayload(frame);
  if (frame.type === 'object') {
    const name = Buffer.from(frame.name).subarray(0, 255);
    return [u32(name.length), name, frame.elf];
  }
  return isRunCheckFrame(frame) ? runCheckPayload(frame) : loadPayload(frame);
}

function encodeFrame(frame: RequestFrame): Uint8Array[] {
  const payload = payloadOf(frame);
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  return [u32(FRAME[frame.type]), u32(length), ...payload, Buffer.alloc((4 - (length % 4)) % 4)];
}

/** The beginning of a mailbox file: request header and frames. The guest writes from `responseOffset` on. */
export function encodeRequest(frames: readonly RequestFrame[]): { bytes: Buffer; responseOffset: number } {
  const body = Buffer.concat(frames.flatMap(encodeFrame));
  const responseOffset = Math.ceil((REQUEST_OFFSET + body.length) / PAGE) * PAGE;
  const header = Buffer.concat([u32(MAGIC), u32(body.length), u32(responseOffset), Buffer.alloc(REQUEST_OFFSET - 12)]);
  return { bytes: Buffer.concat([header, body]), responseOffset };
}

/** Reads the bytes at RESPONSE_HEADER; null when the guest has not begun a response. */
export function parseResponseHeader(bytes: Buffer): ResponseHeader | null {
  if (bytes.length < RESPONSE_HEADER.length || bytes.readUInt32LE(0) !== MAGIC) return null;
  return {
    length: bytes.readUInt32LE(4),
    dropped: bytes.readUInt32LE(8),
    complete: bytes.readUInt32LE(12) === 1,
    crc: bytes.readUInt32LE(20),
    beats: bytes.readUInt32LE(24),
  };
}

/** A cursor over one frame's payload that answers 0 and '' beyond its end; numbers too large for JSON become the largest that fits. */
function payloadReader(payload: Buffer) {
  let at = 0;
  return {
    u32: () => {
      const value = at + 4 <= payload.length ? payload.readUInt32LE(at) : 0;
      at += 4;
      return value;
    },
    u64: () => {
      const value = at + 8 <= payload.length ? Number(payload.readBigUInt64LE(at)) : 0;
      at += 8;
      return Math.min(value, Number.MAX_SAFE_INTEGER);
    },
    string: () => {
      const end = payload.indexOf(0, at);
      const text = payload.toString('utf8', Math.min(at, payload.length), end < 0 ? payload.length : end);
      at = end < 0 ? payload.length : end + 1;
      return text;
    },
    rest: () => payload.toString('utf8', Math.min(at, payload.length)),
    bytes: () => payload.subarray(Math.min(at, payload.length)),
  };
}

function commandEnd(read: ReturnType<typeof payloadReader>): CommandEnd {
  const end = COMMAND_ENDS[read.u32()] ?? 'not-started';
  return { end, value: read.u32(), ms: read.u64() / 1e6, dropped: read.u64() };
}

function decodeFrame(type: number, payload: Buffer): Frame | null {
  const read = payloadReader(payload);
  switch (type) {
    case FRAME.hello:
      return {
        type: 'hello',
        release: read.string(),
        version: read.string(),
        machine: read.string(),
        libbpf: read.string(),
        btfSize: read.u64(),
      };
    case FRAME.program: {
      const insns = read.u32();
      const autoload = read.u32() !== 0;
      return { type: 'program', insns, autoload, name: read.string(), section: read.string(), programType: read.string() };
    }
    case FRAME.attemptBegin:
      return { type: 'attempt-begin', program: read.string() };
    case FRAME.log:
      return { type: 'log', level: read.u32(), text: read.rest() };
    case FRAME.attemptEnd:
      return { type: 'attempt-end', reached: read.u32(), errno: read.u32(), openMs: read.u64() / 1e6, loadMs: read.u64() / 1e6 };
    case FRAME.kernelLog:
      return { type: 'kernel-log', text: read.rest() };
    case FRAME.crash:
      return { type: 'crash', waitStatus: read.u32() };
    case FRAME.leftOut:
      return { type: 'left-out', why: read.u32(), program: read.string(), what: read.string() };
    case FRAME.chosen:
      read.u32();
      return { type: 'chosen', name: read.string() };
    case FRAME.end:
      return { type: 'end', guestMs: read.u64() / 1e6 };
    case FRAME.output:
      return { type: 'output', stream: read.u32(), bytes: read.bytes() };
    case FRAME.commandEnd:
      return { type: 'command-end', ...commandEnd(read) };
    case FRAME.triggerEnd:
      return { type: 'trigger-end', index: read.u32(), ...commandEnd(read) };
    case FRAME.moduleEnd:
      return { type: 'module-end', errno: read.u32(), name: read.string() };
    case FRAME.attached: {
      const kind = read.u32() === 0 ? 'program' : 'map';
      return { type: 'attached', kind, errno: read.u32(), name: read.string(), detail: read.string() };
    }
    case FRAME.triggered:
      return { type: 'triggered', index: read.u32(), errno: read.u32(), returned: read.u32() };
    case FRAME.events:
      return { type: 'events', index: read.u32(), errno: read.u32(), count: read.u64() };
    case FRAME.mapValue:
      return { type: 'map-value', index: read.u32(), errno: read.u32(), value: read.bytes() };
    case FRAME.runs:
      return { type: 'runs', count: read.u64(), program: read.string() };
    default:
      return null;
  }
}

/**
 * Splits a response into frames. Any bytes are chosen: reading stops at the first frame that cannot be one.
 * @param crc the CRC-32 the guest announced, or null when it announced none (a response cut short)
 */
export function parseResponse(bytes: Buffer, crc: number | null): Response {
  const frames: Frame[] = [];
  if (crc !== null && crc32(bytes) !== crc) return { frames, damage: 'the checksum of the response does not match its bytes' };
  let at = 0;
  while (at + FRAME_HEADER <= bytes.length) {
    if (frames.length === MAX_FRAMES) return { frames, damage: `more than ${MAX_FRAMES} frames` };
    const type = bytes.readUInt32LE(at);
    const length = bytes.readUInt32LE(at + 4);
    const start = at + FRAME_HEADER;
    if (start + length > bytes.length) return { frames, damage: `frame ${frames.length} claims ${length} bytes, more than there are` };
    const frame = decodeFrame(type, bytes.subarray(start, start + length));
    if (!frame) return { frames, damage: `frame ${frames.length} has the unknown type ${type}` };
    frames.push(frame);
    at = start + Math.ceil(length / 4) * 4;
  }
  return { frames, damage: null };
}
