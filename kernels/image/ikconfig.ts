// Finds the configuration inside a kernel that was built with CONFIG_IKCONFIG.
import { gunzipSync } from 'node:zlib';
import type { ReadAt } from '../archive/read-at.ts';
import { search } from './scan.ts';

const START = Buffer.from('IKCFG_ST');
const END = Buffer.from('IKCFG_ED');
/** Limit for compressed configurations. Those of distributions have about 60 KiB. */
const MAX_COMPRESSED = 1 << 20;
/** Limit for plain configurations. Those of distributions have about 300 KB. */
export const MAX_CONFIG = 4 << 20;

/** Whether a text is the configuration of a kernel. It must set at least one option. */
export function isConfig(text: Uint8Array): boolean {
  return /^CONFIG_\w+=/m.test(Buffer.from(text).toString('latin1'));
}

function unpack(compressed: Buffer): Buffer | null {
  try {
    const text = gunzipSync(compressed, { maxOutputLength: MAX_CONFIG });
    return isConfig(text) ? text : null;
  } catch {
    return null;
  }
}

/**
 * The configuration in an uncompressed kernel; null if the kernel was built without it.
 * @see kernel/configs.c in the kernel: gzip data between two marks of eight characters
 */
export async function findIkconfig(read: ReadAt, size: number): Promise<Buffer | null> {
  return search(read, size, START, async (offset) => {
    const bytes = await read(offset + START.length, MAX_COMPRESSED);
    const end = bytes.indexOf(END);
    return end < 0 ? null : unpack(bytes.subarray(0, end));
  });
}
