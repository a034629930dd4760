// Bytes on both sides of a decompression, and the limit for what they may unpack to.
import { type Readable, Transform } from 'node:stream';
import { InfraError } from '../../harness/base/errors.ts';

/** Compressed bytes. */
export interface Packed {
  input: Readable;
  /** Their number. */
  size: number;
}

/** Receives plain bytes. It may stop early. */
export type Consumer<T> = (output: Readable) => Promise<T>;

/** More than any kernel package unpacks to. */
const MAX_UNPACKED = 8 * 2 ** 30;
/** A few compressed bytes could unpack to any size. Kernel packages and BTF archives unpack to less than 20 times their size. */
const MAX_RATIO = 100;
const SMALL = 256 << 20;

/**
 * Passes plain bytes on. It fails with an InfraError at more than 256 MiB and 100 times the packed size, or at more than 8 GiB.
 * @param size the packed size in bytes
 * @param label the name of the data in the error
 */
export function withinLimit(size: number, label: string): Transform {
  const limit = Math.min(MAX_UNPACKED, SMALL + MAX_RATIO * size);
  let unpacked = 0;
  return new Transform({
    transform: (chunk: Uint8Array, _, done) => {
      unpacked += chunk.length;
      if (unpacked > limit) done(new InfraError(`${label}: its ${size} bytes unpack to more than ${limit} bytes, which is the limit`));
      else done(null, chunk);
    },
  });
}

export type Settled<T> = { kind: 'value'; value: T } | { kind: 'error'; error: unknown };

/** Waits for a promise, which never counts as unhandled from now on. */
export async function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { kind: 'value', value: await promise };
  } catch (error) {
    return { kind: 'error', error };
  }
}
