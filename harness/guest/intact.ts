// Checks that a large file is unchanged: by its checksum once, then by its change time, which every write updates.
import { stat, writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { readCachedText, streamOf } from '../base/cached-file.ts';

/** Large reads: half a gigabyte of a sparse file is mostly zeros. */
const CHUNK = 4 << 20;

/** CRC-32 of a file's bytes. */
export async function crc32File(path: string): Promise<number> {
  let crc = 0;
  for await (const chunk of await streamOf(path, { highWaterMark: CHUNK })) crc = crc32(chunk, crc);
  return crc;
}

/** The change time of an inode cannot be set: it moves with every write, truncation and copy. */
async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}

/**
 * Whether a file still has its original size and checksum. It is read whole only if it may have changed since the
 * last check; `stampFile` beside it records that check. A `stampFile` that cannot be written is not an error.
 */
export async function isIntact(path: string, expected: { size: number; crc32: number }, stampFile: string): Promise<boolean> {
  try {
    const stamp = await stampOf(path);
    if ((await readCachedText(stampFile)) === stamp) return true;
    if ((await stat(path)).size !== expected.size || (await crc32File(path)) !== expected.crc32) return false;
    await writeFile(stampFile, stamp).catch(() => undefined);
    return true;
  } catch {
    return false;
  }
}
