// The parts of request payloads.
import { Buffer } from 'node:buffer';

/** Four bytes, little-endian. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Text with its terminating 0. Text after an inner 0 is lost. */
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
