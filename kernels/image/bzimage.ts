// Reads the x86 bzImage: the place of the compressed vmlinux, and the banner of the kernel.
import type { ReadAt } from '../archive/read-at.ts';

export interface BzImage {
  /** Place of the compressed vmlinux in the file. */
  payload: { offset: number; length: number };
  /** For example `6.12.117+deb13-cloud-amd64 (debian-kernel@…) #1 SMP …`; '' if the image has none. */
  banner: string;
}

export type BzImageReading = { kind: 'bzimage'; image: BzImage } | { kind: 'bad'; reason: string };

const HEAD = 0x250;
const MAX_BANNER = 512;

/** Whether a file begins as a bzImage. */
export function isBzImage(head: Buffer): boolean {
  return head.length >= 0x208 && head.readUInt16LE(0x1fe) === 0xaa55 && head.toString('latin1', 0x202, 0x206) === 'HdrS';
}

/**
 * Reads the setup header. Boot protocol 2.08 (kernel 2.6.26) is the first with the place of the payload.
 * @see Documentation/arch/x86/boot.rst in the kernel
 */
export async function readBzImage(read: ReadAt, fileSize: number): Promise<BzImageReading> {
  const head = await read(0, HEAD);
  if (head.length < HEAD || !isBzImage(head)) return { kind: 'bad', reason: 'no x86 boot header' };
  if (head.readUInt16LE(0x206) < 0x208) return { kind: 'bad', reason: 'its boot protocol is older than 2.08' };
  const setup = ((head[0x1f1] ?? 0) || 4) * 512 + 512;
  const payload = { offset: setup + head.readUInt32LE(0x248), length: head.readUInt32LE(0x24c) };
  if (payload.length < 16 || payload.offset + payload.length > fileSize) return { kind: 'bad', reason: 'the image is cut off' };
  const pointer = head.readUInt16LE(0x20e);
  const text = pointer === 0 ? '' : (await read(pointer + 0x200, MAX_BANNER)).toString('latin1');
  return { kind: 'bzimage', image: { payload, banner: text.split('\0', 1)[0] ?? '' } };
}
