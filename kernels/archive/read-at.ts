// Reads bytes of a file by position, so that hundreds of megabytes need not be in memory.
import type { FileHandle } from 'node:fs/promises';
import { openRegular } from '../../harness/base/user-file.ts';

/** Reads up to `length` bytes from `offset`: fewer at the end of the file, none beyond it. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/**
 * Opens a file, and closes it after `use`.
 * @throws UnfitFile for a folder, a pipe or a device
 */
export async function withFile<T>(path: string, use: (read: ReadAt, size: number) => Promise<T>): Promise<T> {
  const { handle, facts } = await openRegular(path, { kind: 'a regular file', maxBytes: Infinity });
  try {
    const { size } = facts;
    return await use(async (offset, length) => readAt(handle, offset, Math.max(0, Math.min(length, size - offset))), size);
  } finally {
    await handle.close();
  }
}

/** Reads bytes in memory by position. */
export function readAtOf(bytes: Uint8Array): ReadAt {
  return async (offset, length) => Buffer.from(bytes.subarray(offset, offset + length));
}
