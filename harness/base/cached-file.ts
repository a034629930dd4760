// Reads files that corematrix wrote. Something else may have taken the place of one, such as a named pipe: no read waits for it.
import type { ReadStream } from 'node:fs';
import { openRegular, readRegular } from './user-file.ts';

const CACHED = { kind: 'a file of the cache', maxBytes: 1 << 30 } as const;
const ANY_SIZE = { kind: 'a regular file', maxBytes: Number.POSITIVE_INFINITY } as const;

/** The content of a file in the cache; null if there is no readable regular file of at most 1 GiB, so that the caller makes it again. */
export async function readCached(path: string): Promise<Buffer | null> {
  return readRegular(path, CACHED).then(
    ({ bytes }) => bytes,
    () => null,
  );
}

/** The text of a file in the cache, as `readCached`. */
export async function readCachedText(path: string): Promise<string | null> {
  return (await readCached(path))?.toString() ?? null;
}

/**
 * The content of a file of any size.
 * @throws UserError if it is not a regular file; a system error if it cannot be opened
 */
export async function readAnySize(path: string): Promise<Buffer> {
  return (await readRegular(path, ANY_SIZE)).bytes;
}

/** Which bytes of a file are read (default: all), and how many at once. `end` is the last of them. */
interface StreamOptions {
  start?: number;
  end?: number;
  highWaterMark?: number;
}

/**
 * Opens a file of any size as a stream.
 * @throws UserError if it is not a regular file; a system error if it cannot be opened
 */
export async function streamOf(path: string, options: StreamOptions = {}): Promise<ReadStream> {
  const { handle } = await openRegular(path, ANY_SIZE);
  return handle.createReadStream(options);
}
