// Writes a request, which is the beginning of a mailbox.
import { Buffer } from 'node:buffer';
import { u32Bytes } from './fields.ts';
import { type Fields, FRAMES, type RequestFrame } from './frames.ts';
import { MAGIC, PAGE, REQUEST_OFFSET } from './mailbox.ts';

/** The fields of a frame in the order of the table. The frame's type ensures that each has its value. */
function encodeFields(fields: Fields, values: Readonly<Record<string, unknown>>): Uint8Array[] {
  return Object.entries(fields).flatMap(([name, field]) => field.encode(values[name]));
}

function encodeFrame(frame: RequestFrame): Uint8Array[] {
  const { number, fields } = FRAMES[frame.type];
  const payload = encodeFields(fields, frame);
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  return [u32Bytes(number), u32Bytes(length), ...payload, Buffer.alloc((4 - (length % 4)) % 4)];
}

/** The beginning of a mailbox file: request header and frames. The guest writes from `responseOffset` on. */
export function encodeRequest(frames: readonly RequestFrame[]): { bytes: Buffer; responseOffset: number } {
  const body = Buffer.concat(frames.flatMap(encodeFrame));
  const responseOffset = Math.ceil((REQUEST_OFFSET + body.length) / PAGE) * PAGE;
  const header = Buffer.concat([MAGIC, body.length, responseOffset].map(u32Bytes), REQUEST_OFFSET);
  return { bytes: Buffer.concat([header, body]), responseOffset };
}
