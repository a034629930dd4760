// Decompresses streams: gzip with Node, everything else with the usual programs.
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { execa } from 'execa';
import { InfraError, messageOf } from '../../harness/base/errors.ts';
import { startTrouble } from '../../harness/base/machine-trouble.ts';
import { runProgram } from '../../harness/base/program.ts';
import { errorCode } from '../../harness/base/files.ts';

export const COMPRESSIONS = ['gzip', 'xz', 'lzma', 'zstd', 'lz4', 'bzip2'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

const PROGRAMS = {
  xz: { command: ['xz', '--decompress', '--stdout', '--format=xz', '--memlimit-decompress=1GiB'], package: 'xz-utils' },
  lzma: { command: ['xz', '--decompress', '--stdout', '--format=lzma', '--memlimit-decompress=1GiB'], package: 'xz-utils' },
  zstd: { command: ['zstd', '--decompress', '--stdout', '--quiet', '--memory=512MB'], package: 'zstd' },
  lz4: { command: ['lz4', '--decompress', '--stdout', '--quiet'], package: 'lz4' },
  bzip2: { command: ['bzip2', '--decompress', '--stdout'], package: 'bzip2' },
} as const satisfies Record<Exclude<Compression, 'gzip'>, { command: readonly string[]; package: string }>;

const BROKEN_PIPE: ReadonlySet<string> = new Set(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET']);

/** Recognises a compression by the first bytes; null if it is unknown. For lz4 it is the legacy frame, which kernels use. */
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

/** More than any kernel package unpacks to. */
const MAX_UNPACKED = 8 * 2 ** 30;
/** A few compressed bytes could unpack to any size. Kernel packages and BTF archives unpack to less than 20 times their size. */
const MAX_RATIO = 100;
const SMALL = 256 << 20;

/** The largest kernel package on a slow and loaded machine takes minutes. */
const LIMITS = { ms: 30 * 60 * 1000, bytes: 1 << 20 } as const;

/** Compressed bytes. */
export interface Packed {
  input: Readable;
  /** Their number. */
  size: number;
}

/** Passes bytes on up to the limit for everything that is unpacked. */
function withinLimit(size: number, label: string): Transform {
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

type Consumer<T> = (output: Readable) => Promise<T>;

async function settle<T>(promise: Promise<T>): Promise<{ kind: 'value'; value: T } | { kind: 'error'; error: unknown }> {
  try {
    return { kind: 'value', value: await promise };
  } catch (error) {
    return { kind: 'error', error };
  }
}

async function gunzip<T>({ input, size }: Packed, label: string, consume: Consumer<T>): Promise<T> {
  // If gunzip were the last stream, the pipeline would stop listening for errors before gunzip notices a missing end.
  const output = withinLimit(size, label);
  const feeding = settle(pipeline(input, createGunzip(), output));
  try {
    const result = await consume(output);
    if (!output.readableEnded) output.destroy();
    return result;
  } catch (error) {
    if (errorCode(error)?.startsWith('Z_') !== true) throw error;
    throw new InfraError(`${label}: damaged gzip data: ${messageOf(error)}`, { cause: error });
  } finally {
    input.destroy();
    await feeding;
  }
}

async function decompressWith<T>(format: keyof typeof PROGRAMS, { input, size }: Packed, label: string, consume: Consumer<T>): Promise<T> {
  const { command, package: needed } = PROGRAMS[format];
  const [program, ...args] = command;
  const child = execa(program, args, {
    stdin: 'pipe',
    reject: false,
    buffer: { stdout: false, stderr: true },
    encoding: 'buffer',
    timeout: LIMITS.ms,
    killSignal: 'SIGKILL',
    maxBuffer: LIMITS.bytes,
  });
  // Node discards unread output when a program ends, and a consumer may open a file before it reads.
  const output = withinLimit(size, label);
  const handed = settle(pipeline(child.stdout, output));
  const feeding = settle(pipeline(input, child.stdin));
  const consumed = await settle(consume(output));
  const whole = output.readableEnded;
  if (!whole) {
    output.destroy();
    child.kill('SIGKILL');
  }
  const outcome = await child;
  input.destroy();
  const fed = await feeding;
  await handed;
  const trouble = startTrouble(outcome);
  if (trouble !== null) throw new InfraError(`${label}: ${program} cannot be started: ${trouble}`);
  if (child.pid === undefined) throw new InfraError(`the program ${program} is needed: install the package ${needed}`);
  if (outcome.timedOut) throw new InfraError(`${label}: ${program} has not ended after ${LIMITS.ms / 1000} s`);
  // A program that ends early breaks the pipe. Its exit status has the real reason.
  if (whole && fed.kind === 'error' && !BROKEN_PIPE.has(errorCode(fed.error) ?? '')) throw fed.error;
  if (whole && outcome.exitCode !== undefined && outcome.exitCode !== 0) {
    const said = Buffer.from(outcome.stderr).toString('utf8').trim().split('\n')[0];
    throw new InfraError(`${label}: ${program} cannot decompress it: ${said || `exit status ${outcome.exitCode}`}`);
  }
  if (consumed.kind === 'error') throw consumed.error;
  return consumed.value;
}

/**
 * Decompresses bytes and gives the plain ones to `consume`, which may stop early.
 * @param label the name of the data in errors
 * @throws InfraError if the program is missing, the data is damaged, or it unpacks to more than 256 MiB and 100 times its size, or to more
 *   than 8 GiB; whatever `consume` throws
 */
export async function decompress<T>(format: Compression, packed: Packed, label: string, consume: Consumer<T>): Promise<T> {
  return format === 'gzip' ? gunzip(packed, label, consume) : decompressWith(format, packed, label, consume);
}

const XZ = PROGRAMS.xz.command;

/** The sizes of xz files after decompression, from the index at the end of each. */
async function xzSizes(paths: readonly string[]): Promise<number[]> {
  const { failed, stdout, stderr } = await runProgram([XZ[0], '--robot', '--list', ...paths], { stdin: 'ignore' }, LIMITS);
  if (failed)
    throw new InfraError(`${paths[0]} and others cannot be decompressed: ${stderr || 'xz is needed: install the package xz-utils'}`);
  // "file", streams, blocks, compressed size, uncompressed size
  return stdout.split('\n').flatMap((line) => (line.startsWith('file\t') ? [Number(line.split('\t')[4])] : []));
}

/**
 * Decompresses small xz files with one process, because a process for each takes longer than its work.
 * @throws InfraError if xz is missing, a file is damaged, or all together have more than `maxBytes`
 */
export async function decompressXzFiles(paths: readonly string[], maxBytes: number): Promise<Buffer[]> {
  try {
    const sizes = await xzSizes(paths);
    const sum = sizes.reduce((all, size) => all + size, 0);
    if (sizes.length !== paths.length || !(sum <= maxBytes)) throw new InfraError(`${paths[0]} and others: ${sum} bytes are too many`);
    const options = { stdin: 'ignore', encoding: 'buffer', stripFinalNewline: false } as const;
    const { failed, stdout, stderr } = await runProgram([...XZ, ...paths], options, { ...LIMITS, bytes: maxBytes + 1 });
    if (failed) throw new InfraError(`${paths[0]} and others cannot be decompressed: ${Buffer.from(stderr).toString()}`);
    if (stdout.length !== sum) throw new InfraError(`${paths[0]} and others: xz gives ${stdout.length} bytes instead of ${sum}`);
    let at = 0;
    return sizes.map((size) => Buffer.from(stdout.buffer, stdout.byteOffset + (at += size) - size, size));
  } catch (error) {
    if (error instanceof InfraError) throw error;
    throw new InfraError(`${paths[0]} and others cannot be decompressed: ${messageOf(error)}`, { cause: error });
  }
}
