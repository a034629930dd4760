// Streams of compressed bytes made plain: gzip by Node itself, everything else by the usual programs.
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { execa } from 'execa';
import { InfraError, messageOf } from '../harness/errors.ts';
import { errorCode } from './cache.ts';

export const COMPRESSIONS = ['gzip', 'xz', 'lzma', 'zstd', 'lz4', 'bzip2'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

const PROGRAMS = {
  xz: { command: ['xz', '--decompress', '--stdout', '--format=xz'], package: 'xz-utils' },
  lzma: { command: ['xz', '--decompress', '--stdout', '--format=lzma'], package: 'xz-utils' },
  zstd: { command: ['zstd', '--decompress', '--stdout', '--quiet', '--memory=512MB'], package: 'zstd' },
  lz4: { command: ['lz4', '--decompress', '--stdout', '--quiet'], package: 'lz4' },
  bzip2: { command: ['bzip2', '--decompress', '--stdout'], package: 'bzip2' },
} as const satisfies Record<Exclude<Compression, 'gzip'>, { command: readonly string[]; package: string }>;

const BROKEN_PIPE: ReadonlySet<string> = new Set(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET']);

/** What the first bytes say about the compression; the lz4 magic is that of the legacy frame, which kernels use. Null when none is known. */
export function compressionOf(start: Uint8Array): Compression | null {
  const magics = [
    ['gzip', [0x1f, 0x8b]],
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
    ['lz4', [0x02, 0x21, 0x4c, 0x18]],
    ['bzip2', [0x42, 0x5a, 0x68]],
    ['lzma', [0x5d, 0x00, 0x00]],
  ] as const;
  const found = magics.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  return found?.[0] ?? null;
}

async function gunzip<T>(input: Readable, consume: (output: Readable) => Promise<T>): Promise<T> {
  const output = createGunzip();
  const feeding = pipeline(input, output).catch((error: unknown) => error);
  const result = await consume(output);
  if (!output.readableEnded) output.destroy();
  await feeding;
  return result;
}

/**
 * Runs compressed bytes through the decompressor and gives the plain ones to `consume`, which may stop early.
 * @throws InfraError when the program is missing or finds the data damaged; whatever `consume` throws
 */
export async function decompress<T>(format: Compression, input: Readable, consume: (output: Readable) => Promise<T>): Promise<T> {
  if (format === 'gzip') {
    return gunzip(input, consume).catch((error: unknown) => {
      throw errorCode(error)?.startsWith('Z_') === true
        ? new InfraError(`damaged gzip data: ${messageOf(error)}`, { cause: error })
        : error;
    });
  }
  const { command, package: needed } = PROGRAMS[format];
  const [program, ...args] = command;
  const child = execa(program, args, { stdin: 'pipe', reject: false, buffer: { stdout: false, stderr: true }, encoding: 'buffer' });
  const feeding = pipeline(input, child.stdin).then(
    () => null,
    (error: unknown) => error,
  );
  try {
    const result = await consume(child.stdout);
    const whole = child.stdout.readableEnded;
    if (!whole) child.kill('SIGKILL');
    const outcome = await child;
    const unread = whole ? await feeding : null;
    // A program that ends early breaks the pipe: then its exit status tells why.
    if (unread !== null && !BROKEN_PIPE.has(errorCode(unread) ?? '')) throw unread;
    if (!whole || !outcome.failed) return result;
    if (outcome.code === 'ENOENT') throw new InfraError(`the program ${program} is needed: install the package ${needed}`);
    const said = Buffer.from(outcome.stderr).toString('utf8').trim().split('\n')[0];
    throw new InfraError(`${program} cannot decompress it: ${said || outcome.shortMessage}`);
  } finally {
    child.kill('SIGKILL');
    input.destroy();
    await feeding;
  }
}
