// Downloads files: resumes and verifies them, and moves them into place only when they are complete.
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { streamOf } from '../../harness/base/cached-file.ts';
import { InfraError, messageOf } from '../../harness/base/errors.ts';
import { explainDiskError, makeDirectories } from '../../harness/base/files.ts';
import { fetchFollowing, type Hosts } from './redirects.ts';
import { claimPart } from './part-file.ts';

export interface DownloadRequest {
  url: string;
  /** Path of the complete file. Unfinished parts are beside it. */
  target: string;
  /** Size and digest of the file. Null if they are unknown; such a download is not resumed. */
  expected: { size: number; sha256: string } | null;
  signal?: AbortSignal | undefined;
  onProgress?: ((bytes: number, total: number) => void) | undefined;
  /** Maximum size if the expected size is unknown. @default 64 MiB */
  maxBytes?: number;
  /** Hosts to which the server may redirect. @default any */
  hosts?: Hosts;
  /** Time for the whole download. @default 2 minutes, and one second for each 16 KiB of the expected size */
  deadlineMs?: number;
  /** Time without a byte after which the connection is closed. @default 30000 */
  stallMs?: number;
  /** Tries without a new byte before the download fails. @default 5 */
  tries?: number;
  /** Pause before the second try; it doubles each time. @default 500 */
  backoffMs?: number;
}

/** `absent`: the server has no such file. The caller may use another one. */
export type DownloadResult = { kind: 'done'; sha256: string; size: number } | { kind: 'absent'; url: string };

/** The result of one try. `again`: another try may succeed and continues the file. `corrupt`: the bytes are not those of the file. */
type Try = DownloadResult | { kind: 'again'; reason: string; waitMs: number } | { kind: 'corrupt'; reason: string };

interface Part {
  path: string;
  handle: FileHandle;
  size: number;
  hash: Hash;
}

const MAX_WAIT_MS = 30_000;
const BASE_MS = 2 * 60_000;
/** A mirror that is slower than this on average is as good as none. */
const BYTES_PER_MS = 16;

/** Time for a whole download, in milliseconds. */
export function deadlineOf({ expected, deadlineMs }: Pick<DownloadRequest, 'expected' | 'deadlineMs'>): number {
  return deadlineMs ?? BASE_MS + (expected?.size ?? 0) / BYTES_PER_MS;
}

const DEFAULTS = { maxBytes: 64 << 20, stallMs: 30_000, tries: 5, backoffMs: 500 } as const;

async function hashOf(path: string): Promise<Hash> {
  const hash = createHash('sha256');
  for await (const chunk of await streamOf(path)) hash.update(chunk);
  return hash;
}

async function restart(part: Part): Promise<void> {
  await part.handle.truncate(0);
  part.size = 0;
  part.hash = createHash('sha256');
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, MAX_WAIT_MS) : 0;
}

/** Decides about a response before its body is read; null if the body must be read. */
async function judgeResponse(response: Response, part: Part, request: DownloadRequest): Promise<Try | null> {
  const { url, expected } = request;
  const { status } = response;
  if (status === 404 || status === 410) return { kind: 'absent', url };
  if (status === 429 || status === 408 || status >= 500) {
    return { kind: 'again', reason: `HTTP ${status}`, waitMs: retryAfterMs(response) };
  }
  if (status === 416) return { kind: 'corrupt', reason: 'the server has no more bytes than the unfinished download' };
  if (status !== 200 && status !== 206) throw new InfraError(`${url}: the server answers HTTP ${status} ${response.statusText}`.trim());
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (status === 206 && Number(start) !== part.size) return { kind: 'corrupt', reason: 'the server sent a range that was not requested' };
  if (status === 200 && part.size > 0) await restart(part);
  const length = response.headers.get('content-length');
  const whole = length === null ? null : part.size + Number(length);
  if (expected && whole !== null && whole !== expected.size) {
    return { kind: 'corrupt', reason: `the server has ${whole} bytes, expected ${expected.size}` };
  }
  return null;
}

async function writeAll(part: Part, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await part.handle.write(chunk, done, chunk.length - done, part.size + done);
    done += bytesWritten;
  }
}

async function readBody(response: Response, part: Part, request: DownloadRequest, alive: () => void): Promise<Try | null> {
  const limit = request.expected?.size ?? request.maxBytes ?? DEFAULTS.maxBytes;
  if (!response.body) return null;
  for await (const chunk of response.body) {
    alive();
    if (part.size + chunk.length > limit) return { kind: 'corrupt', reason: `the server sends more than ${limit} bytes` };
    await writeAll(part, chunk);
    part.hash.update(chunk);
    part.size += chunk.length;
    request.onProgress?.(part.size, request.expected?.size ?? part.size);
  }
  return null;
}

function verify(part: Part, request: DownloadRequest): Try {
  const { expected } = request;
  if (expected && part.size < expected.size) return { kind: 'again', reason: 'the connection ended early', waitMs: 0 };
  const sha256 = part.hash.copy().digest('hex');
  if (expected && sha256 !== expected.sha256) return { kind: 'corrupt', reason: `its sha256 is ${sha256}, expected ${expected.sha256}` };
  return { kind: 'done', sha256, size: part.size };
}

/** The reason of a failed fetch: its own message is only "fetch failed". */
function networkReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message !== '' ? cause.message : messageOf(error);
}

async function tryOnce(part: Part, request: DownloadRequest, deadline: AbortSignal): Promise<Try> {
  const { url, expected, signal, hosts = 'any' } = request;
  if (expected && part.size >= expected.size) return verify(part, request);
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(), request.stallMs ?? DEFAULTS.stallMs);
  try {
    const headers = { 'accept-encoding': 'identity', ...(part.size > 0 ? { range: `bytes=${part.size}-` } : {}) };
    const any = AbortSignal.any([...(signal ? [signal] : []), stall.signal, deadline]);
    const response = await fetchFollowing(url, { headers, signal: any }, hosts);
    const early = (await judgeResponse(response, part, request)) ?? (await readBody(response, part, request, () => timer.refresh()));
    return early ?? verify(part, request);
  } catch (error) {
    signal?.throwIfAborted();
    if (deadline.aborted) throw lateError(part, request);
    if (stall.signal.aborted) return { kind: 'again', reason: 'the server stopped sending', waitMs: 0 };
    if (error instanceof TypeError) return { kind: 'again', reason: networkReason(error), waitMs: 0 };
    throw error;
  } finally {
    clearTimeout(timer);
    // Closes the connection of a response whose body was not read.
    stall.abort();
  }
}

/** A hint for failed connections: Node's fetch ignores proxy variables. */
function proxyHint(): string {
  const name = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].find((variable) => process.env[variable]);
  return name === undefined ? '' : ` (${name} is set, but this program connects directly: use a mirror that can be reached)`;
}

/** A server that always sends a little never stalls, so the whole download has a time limit, too. */
function lateError(part: Part, request: DownloadRequest): InfraError {
  const { url, expected } = request;
  const seconds = Math.round(deadlineOf(request) / 1000);
  const size = expected === null ? `${part.size} bytes` : `${part.size} of ${expected.size} bytes`;
  const kept = expected === null ? '' : '; the next download continues there';
  return new InfraError(`${url}: the server is too slow: ${size} after ${seconds} s${kept}`);
}

async function tryUntilDone(part: Part, request: DownloadRequest): Promise<DownloadResult> {
  const deadline = AbortSignal.timeout(Math.ceil(deadlineOf(request)));
  const tries = request.tries ?? DEFAULTS.tries;
  let corrupted = false;
  let fruitless = 0;
  for (;;) {
    const before = part.size;
    const result = await tryOnce(part, request, deadline);
    if (result.kind === 'done' || result.kind === 'absent') return result;
    if (result.kind === 'corrupt') {
      await restart(part);
      if (corrupted) throw new InfraError(`${request.url}: ${result.reason}, also after a second download`);
      corrupted = true;
      continue;
    }
    // Without a digest, two parts may belong to different files.
    if (!request.expected) await restart(part);
    fruitless = request.expected && part.size > before ? 1 : fruitless + 1;
    if (fruitless >= tries) throw new InfraError(`${request.url}: ${result.reason}, after ${tries} tries${proxyHint()}`);
    const pause = (request.backoffMs ?? DEFAULTS.backoffMs) * 2 ** (fruitless - 1) * (0.5 + Math.random());
    const wake = AbortSignal.any([...(request.signal ? [request.signal] : []), deadline]);
    await sleep(Math.max(pause, result.waitMs), undefined, { signal: wake }).catch(() => request.signal?.throwIfAborted());
  }
}

async function openPart(path: string): Promise<Part> {
  const handle = await open(path, 'a+');
  await handle.close();
  const hash = await hashOf(path);
  const { size } = await stat(path);
  return { path, handle: await open(path, 'r+'), size, hash };
}

async function finishPart(part: Part, target: string): Promise<void> {
  await part.handle.sync();
  await rename(part.path, target);
}

/**
 * Downloads a URL into a file. It continues an unfinished download, downloads a wrong file once more, and tries again after dropped
 * connections, stalls and 5xx, with growing pauses, until its deadline. The target appears only when its size and sha256 are right.
 * The built-in fetch connects directly: proxy variables have no effect on Node 20.
 * @throws InfraError if the file cannot be downloaded or the disk is full; the signal's reason if aborted
 */
export async function download(request: DownloadRequest): Promise<DownloadResult> {
  const { target, expected, signal } = request;
  signal?.throwIfAborted();
  try {
    await makeDirectories(dirname(target));
    const claimed = await claimPart(target, expected !== null);
    const part = await openPart(claimed.path).catch(async (error: unknown) => {
      await claimed.release({ keep: false });
      throw error;
    });
    try {
      const result = await tryUntilDone(part, request);
      if (result.kind === 'done') await finishPart(part, target);
      return result;
    } finally {
      await part.handle.close();
      await claimed.release({ keep: part.size > 0 && expected !== null });
    }
  } catch (error) {
    throw explainDiskError(error, dirname(target));
  }
}
