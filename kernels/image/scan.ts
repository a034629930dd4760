// Searches the bytes of a kernel for its banner, and for BTF if the image has no section table.
import type { ReadAt } from '../archive/read-at.ts';

const WINDOW = 4 << 20;
const MAX_BANNER = 512;
/** A kernel contains the first words of its banner a few times. A file that contains nothing else must not take hours. */
const MAX_CANDIDATES = 4096;
/** Magic 0xeb9f, version 1, no flags, header of 24 bytes, types at 0. */
const BTF_START = Buffer.from([0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0]);
/** Smaller BTF does not belong to a kernel: some boot stages contain tiny blobs. */
const MIN_BTF = 64 << 10;

/** The first non-null result of `accept` over the first few thousand positions of a pattern. Windows overlap, so that none is missed. */
export async function search<T>(
  read: ReadAt,
  fileSize: number,
  pattern: Buffer,
  accept: (offset: number) => Promise<T | null>,
): Promise<T | null> {
  let candidates = 0;
  for (let start = 0; start < fileSize; start += WINDOW) {
    const window = await read(start, WINDOW + pattern.length - 1);
    for (let index = window.indexOf(pattern); index >= 0; index = window.indexOf(pattern, index + 1)) {
      if (++candidates > MAX_CANDIDATES) return null;
      const accepted = await accept(start + index);
      if (accepted !== null) return accepted;
    }
  }
  return null;
}

/**
 * The kernel's own `linux_banner` without its first words: `6.12.117+deb13-cloud-amd64 (debian-kernel@…) …`. Null if it has none.
 * @see init/version-timestamp.c in the kernel
 */
export async function findBanner(read: ReadAt, fileSize: number): Promise<string | null> {
  const words = Buffer.from('Linux version ');
  return search(read, fileSize, words, async (offset) => {
    const text = (await read(offset + words.length, MAX_BANNER)).toString('latin1');
    return /^(\d+\.\d+\S* \([^\0\n]*)/.exec(text)?.[1] ?? null;
  });
}

/**
 * The place of BTF in a flat image.
 * @see struct btf_header in include/uapi/linux/btf.h
 */
export async function findBtf(read: ReadAt, fileSize: number): Promise<{ offset: number; size: number } | null> {
  return search(read, fileSize, BTF_START, async (offset) => {
    const header = await read(offset, 24);
    if (header.length < 24) return null;
    const [typeLength, stringOffset, stringLength] = [header.readUInt32LE(12), header.readUInt32LE(16), header.readUInt32LE(20)];
    const size = 24 + stringOffset + stringLength;
    const plausible = typeLength === stringOffset && size >= MIN_BTF && offset + size <= fileSize;
    return plausible ? { offset, size } : null;
  });
}
