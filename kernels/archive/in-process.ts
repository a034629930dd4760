// Decompression without another program: gzip with Node, xz and Zstandard with packages, LZ4 with our own code.
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import pLimit from 'p-limit';
import xz from 'xz-decompress';
import { InfraError, messageOf } from '../../harness/base/errors.ts';
import { errorCode } from '../../harness/base/files.ts';
import type { Compression } from './compression.ts';
import { unpackLz4 } from './lz4.ts';
import { type Consumer, type Packed, settle, withinLimit } from './unpacked.ts';

/** What this process decompresses itself. */
export type InProcess = Extract<Compression, 'gzip' | 'xz' | 'zstd' | 'lz4'>;

type Unpack = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** Data that only a program decompresses. An example are kernel images of xz, which have a filter for instructions of x86. */
class NeedsProgram extends Error {}

/** Few enough that what they unpack to fits into memory: one block of Zstandard can have 128 KiB in 4 bytes. */
const ZSTD_PART = 1024;

/** fzstd does not compare the checksums in frames. Packages are compared with their digest before they are unpacked. */
async function* unpackZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const plain: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => plain.push(chunk));
  let isEmpty = true;
  for await (const chunk of source) {
    isEmpty = false;
    for (let at = 0; at < chunk.length; at += ZSTD_PART) {
      decoder.push(chunk.subarray(at, at + ZSTD_PART));
      yield* plain.splice(0);
    }
  }
  if (isEmpty) throw new Error('unexpected end of data');
  decoder.push(new Uint8Array(0), true);
  yield* plain;
}

const XZ_OPTIONS_ERROR = '6';
/** Errors of xz-embedded by their number, which is all that the package tells. @see enum xz_ret in xz.h of xz-embedded */
const XZ_ERRORS: Readonly<Record<string, string>> = {
  3: 'it needs too much memory',
  4: 'it needs too much memory',
  5: 'it is not xz',
  7: 'it is corrupt',
  8: 'unexpected end of data',
};

function webStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await chunks.return?.();
    },
  });
}

async function* unpackXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* new xz.XzReadableStream(webStream(source));
  } catch (error) {
    // It reads a chunk of its input without asking whether there is one.
    const code = error instanceof TypeError ? '8' : /error code (\d+)$/.exec(messageOf(error))?.[1];
    if (code === XZ_OPTIONS_ERROR)
      throw new NeedsProgram('the program xz is needed for its filter or checksum: install the package xz-utils');
    const reason = code === undefined ? undefined : XZ_ERRORS[code];
    throw reason === undefined ? error : new Error(reason, { cause: error });
  }
}

const UNPACK = { xz: unpackXz, zstd: unpackZstd, lz4: unpackLz4 } as const satisfies Record<Exclude<InProcess, 'gzip'>, Unpack>;

/** A step of a pipeline whose errors about the data name the label. An error of the source stays what it is. */
function stepOf(format: InProcess, label: string): Duplex | Unpack {
  if (format === 'gzip') return createGunzip();
  return async function* (source) {
    let failed: unknown = null;
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* source;
      } catch (error) {
        failed = error;
        throw error;
      }
    };
    try {
      yield* UNPACK[format](watched());
    } catch (error) {
      throw failed ?? damaged(format, label, error);
    }
  };
}

function damaged(format: InProcess, label: string, error: unknown): InfraError {
  const fault = error instanceof NeedsProgram ? '' : `damaged ${format} data: `;
  return new InfraError(`${label}: ${fault}${messageOf(error)}`, { cause: error });
}

async function unpack<T>(format: InProcess, { input, size }: Packed, label: string, consume: Consumer<T>): Promise<T> {
  // If the step were the last stream, the pipeline would stop listening for errors before the step notices a missing end.
  const output = withinLimit(size, label);
  const feeding = settle(pipeline(input, stepOf(format, label), output));
  try {
    const result = await consume(output);
    if (!output.readableEnded) output.destroy();
    return result;
  } catch (error) {
    throw errorCode(error)?.startsWith('Z_') === true ? damaged(format, label, error) : error;
  } finally {
    input.destroy();
    await feeding;
  }
}

/** The package for xz has one stream at a time; one that ends while it waits for another would block all later ones. */
const xzTurn = pLimit(1);

/**
 * Decompresses bytes in this process and gives the plain ones to `consume`, which may stop early.
 * @param label the name of the data in errors
 * @throws InfraError if the data is damaged or unpacks to more than the limit; whatever `consume` throws
 */
export async function unpackInProcess<T>(format: InProcess, packed: Packed, label: string, consume: Consumer<T>): Promise<T> {
  const run = async () => unpack(format, packed, label, consume);
  return format === 'xz' ? xzTurn(run) : run();
}
