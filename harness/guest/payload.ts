// The pieces that payloads of request frames are made of.
import { Buffer } from 'node:buffer';

/** Four bytes, little-endian. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Text with the 0 that ends it; what stands behind a 0 of its own is lost. */
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
