// Decompresses streams: with the usual programs, which are fast, and without them in this process.
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { InfraError } from '../../harness/base/errors.ts';
import { errorCode } from '../../harness/base/files.ts';
import { startTrouble } from '../../harness/base/machine-trouble.ts';
import type { Compression } from './compression.ts';
import { unpackInProcess } from './in-process.ts';
import { type Consumer, type Packed, settle, withinLimit } from './unpacked.ts';

/** Decompresses standard input, or the files that are named. */
export const XZ = ['xz', '--decompress', '--stdout', '--format=xz', '--memlimit-decompress=1GiB'] as const;

const PROGRAMS = {
  xz: { command: XZ, package: 'xz-utils' },
  lzma: { command: ['xz', '--decompress', '--stdout', '--format=lzma', '--memlimit-decompress=1GiB'], package: 'xz-utils' },
  zstd: { command: ['zstd', '--decompress', '--stdout', '--quiet', '--memory=512MB'], package: 'zstd' },
  lz4: { command: ['lz4', '--decompress', '--stdout', '--quiet'], package: 'lz4' },
  bzip2: { command: ['bzip2', '--decompress', '--stdout'], package: 'bzip2' },
} as const satisfies Record<Exclude<Compression, 'gzip'>, { command: readonly string[]; package: string }>;

const BROKEN_PIPE: ReadonlySet<string> = new Set(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET']);

/** The largest kernel package on a slow and loaded machine takes minutes. */
export const LIMITS = { ms: 30 * 60 * 1000, bytes: 1 << 20 } as const;

/** Starts a program that decompresses; null if it is not installed. It is wrapped, because the process itself is a promise of its end. */
async function startProgram([program, ...args]: readonly [string, ...string[]], label: string) {
  const child = execa(program, args, {
    stdin: 'pipe',
    reject: false,
    buffer: { stdout: false, stderr: true },
    encoding: 'buffer',
    timeout: LIMITS.ms,
    killSignal: 'SIGKILL',
    maxBuffer: LIMITS.bytes,
  });
  if (child.pid !== undefined) return { program, child };
  const trouble = startTrouble(await child);
  if (trouble !== null) throw new InfraError(`${label}: ${program} cannot be started: ${trouble}`);
  return null;
}

type Started = NonNullable<Awaited<ReturnType<typeof startProgram>>>;

async function unpackWith<T>({ program, child }: Started, { input, size }: Packed, label: string, consume: Consumer<T>): Promise<T> {
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
 * @throws InfraError if the data is damaged, its program is missing and this process cannot decompress it either, or it unpacks to more than
 *   256 MiB and 100 times its size, or to more than 8 GiB; whatever `consume` throws
 */
export async function decompress<T>(format: Compression, packed: Packed, label: string, consume: Consumer<T>): Promise<T> {
  if (format === 'gzip') return unpackInProcess(format, packed, label, consume);
  const { command, package: needed } = PROGRAMS[format];
  const started = await startProgram(command, label);
  if (started) return unpackWith(started, packed, label, consume);
  if (format === 'lzma' || format === 'bzip2') {
    packed.input.destroy();
    throw new InfraError(`the program ${command[0]} is needed: install the package ${needed}`);
  }
  return unpackInProcess(format, packed, label, consume);
}
