// Reads a response. It accepts any bytes, because the guest runs foreign programs and may write anything.
import type { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { type Field, readerOf } from './fields.ts';
import { type Fields, type Frame, FRAMES } from './frames.ts';
import { FRAME_HEADER_LENGTH, headerLength, MAGIC, RESPONSE_HEADER } from './mailbox.ts';

/** No load prints more. Without a limit, empty frames would need much more memory than the mailbox. */
const MAX_FRAMES = 1_000_000;

/** The state of a response, from its header. */
export interface ResponseHeader {
  length: number;
  /** Bytes of log text that did not fit into the mailbox. */
  dropped: number;
  /** Whether the guest has written its whole response. */
  complete: boolean;
  /** CRC-32 of a complete response. */
  crc: number;
  /** Grows every second while the guest runs processes. */
  beats: number;
}

/** Frames of a response. `damage` is the reason why reading stopped, null at the end of the response. */
export interface Response {
  frames: Frame[];
  damage: string | null;
}

/** Reads the bytes at RESPONSE_HEADER; null if the guest has not begun a response. */
export function parseResponseHeader(bytes: Buffer): ResponseHeader | null {
  if (bytes.length < headerLength(RESPONSE_HEADER)) return null;
  const { magic, length, dropped, complete, crc, beats } = readWords(RESPONSE_HEADER.fields, bytes);
  return magic === MAGIC ? { length, dropped, complete: complete === 1, crc, beats } : null;
}

function readWords<Name extends string>(fields: Readonly<Record<Name, string>>, bytes: Buffer): Record<Name, number>;
function readWords(fields: Readonly<Record<string, string>>, bytes: Buffer): Record<string, number> {
  const reader = readerOf(bytes);
  return Object.fromEntries(Object.keys(fields).map((name) => [name, reader.u32()]));
}

const BY_NUMBER = new Map<number, { type: string; fields: [string, Field<unknown>][] }>(
  Object.entries<{ to: string; number: number; fields: Fields }>(FRAMES)
    .filter(([, { to }]) => to === 'host')
    .map(([type, { number, fields }]) => [number, { type, fields: Object.entries(fields) }]),
);

/** Reads the frame with a number; null if the table has no frame to the host with this number. */
function decodeFrame(number: number, payload: Buffer): Frame | null;
function decodeFrame(number: number, payload: Buffer): Record<string, unknown> | null {
  const spec = BY_NUMBER.get(number);
  if (!spec) return null;
  const reader = readerOf(payload);
  return Object.fromEntries<unknown>([['type', spec.type], ...spec.fields.map(([name, field]) => [name, field.decode(reader)] as const)]);
}

/**
 * Splits a response into frames. Reading stops at the first invalid frame.
 * @param crc the CRC-32 that the guest announced; null for an incomplete response
 */
export function parseResponse(bytes: Buffer, crc: number | null): Response {
  const frames: Frame[] = [];
  if (crc !== null && crc32(bytes) !== crc) return { frames, damage: 'the checksum of the response does not match its bytes' };
  let at = 0;
  while (at + FRAME_HEADER_LENGTH <= bytes.length) {
    if (frames.length === MAX_FRAMES) return { frames, damage: `more than ${MAX_FRAMES} frames` };
    const number = bytes.readUInt32LE(at);
    const length = bytes.readUInt32LE(at + 4);
    const start = at + FRAME_HEADER_LENGTH;
    if (start + length > bytes.length) return { frames, damage: `frame ${frames.length} claims ${length} bytes, but fewer are left` };
    const frame = decodeFrame(number, bytes.subarray(start, start + length));
    if (!frame) return { frames, damage: `frame ${frames.length} has the unknown type ${number}` };
    frames.push(frame);
    at = start + Math.ceil(length / 4) * 4;
  }
  return { frames, damage: null };
}
