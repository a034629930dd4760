// The cache on disk: where it is, and writes that leave either the whole entry or none, whenever the process is killed.
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { InfraError } from './errors.ts';

/** Where downloads, kernels and snapshots are kept: `COREMATRIX_CACHE`, else `corematrix` in the XDG cache directory. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['COREMATRIX_CACHE'];
  if (own) return isAbsolute(own) ? own : join(process.cwd(), own);
  const xdg = env['XDG_CACHE_HOME'];
  // The XDG base directory specification has relative values ignored.
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'corematrix');
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space, run "corematrix kernels prune" or point COREMATRIX_CACHE elsewhere',
  EDQUOT: 'the disk quota is used up; free some space or point COREMATRIX_CACHE elsewhere',
  EROFS: 'the file system is read-only; point COREMATRIX_CACHE at a directory that can be written',
  EACCES: 'no permission; point COREMATRIX_CACHE at a directory that can be written',
  EPERM: 'no permission; point COREMATRIX_CACHE at a directory that can be written',
  EEXIST: 'a part of that path is a file; point COREMATRIX_CACHE at a directory',
  ENOTDIR: 'a part of that path is a file; point COREMATRIX_CACHE at a directory',
};

/** The code of a system error (`ENOENT`, ...), or null for any other value. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Turns a disk error into an InfraError with advice. Returns any other error unchanged. */
export function explainDiskError(error: unknown, path: string): unknown {
  const advice = ADVICE[errorCode(error) ?? ''];
  return advice === undefined ? error : new InfraError(`cannot write ${path}: ${advice}`, { cause: error });
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}

/**
 * Makes a directory and those above it. Node's own recursive mkdir does not end below /proc, and hides that a disk is read-only.
 * @throws InfraError where none can be made; a system error that explainDiskError knows
 */
export async function makeDirectories(path: string): Promise<void> {
  if (await isDirectory(path)) return;
  if (dirname(path) !== path) await makeDirectories(dirname(path));
  try {
    await mkdir(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      throw new InfraError(`cannot make ${path}; point COREMATRIX_CACHE at a directory that can be written`, { cause: error });
    }
    // Another process may have been faster.
    if (errorCode(error) !== 'EEXIST' || !(await isDirectory(path))) throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new name beside the target for unfinished data. It is on the same file system, so that a rename is atomic. */
export function unfinishedPath(target: string): string {
  return `${target}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Clears up after a failure, whose own error is the one that matters. */
async function dropUnfinished(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => null);
}

/** Removes unfinished data of the same target whose processes have ended. */
export async function dropAbandoned(target: string): Promise<void> {
  const names = await readdir(dirname(target)).catch(() => []);
  for (const name of names) {
    const owner = name.startsWith(`${basename(target)}.tmp-`) ? unfinishedOwner(name) : null;
    if (owner !== null && !isRunning(owner)) await dropUnfinished(join(dirname(target), name));
  }
}

async function writeAndSync(handle: FileHandle, data: string | Uint8Array): Promise<void> {
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that readers see the old content or the new, never a part. Directories above it are made.
 * @throws InfraError when the disk is full or may not be written
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = unfinishedPath(path);
  try {
    await makeDirectories(dirname(path));
    await writeAndSync(await open(temporary, 'wx'), data);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await dropUnfinished(temporary);
    throw explainDiskError(error, path);
  }
}

async function syncContents(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncContents(join(directory, entry.name));
    else if (entry.isFile()) await syncDirectory(join(directory, entry.name));
  }
  await syncDirectory(directory);
}

/** If another process was faster, its directory stays and ours is removed. */
async function moveInto(temporary: string, target: string): Promise<'built' | 'existing'> {
  try {
    await rename(temporary, target);
    await syncDirectory(dirname(target));
    return 'built';
  } catch (error) {
    const lost = ['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '') && (await isDirectory(target));
    if (!lost) throw error;
    await rm(temporary, { recursive: true, force: true });
    return 'existing';
  }
}

/**
 * Makes a directory once. An existing one is used unchanged; otherwise `build` fills a temporary one, which is then renamed.
 * @throws InfraError when the disk is full or may not be written; whatever `build` throws
 */
export async function populateDirectory(target: string, build: (directory: string) => Promise<void>): Promise<'built' | 'existing'> {
  if (await isDirectory(target)) return 'existing';
  const temporary = unfinishedPath(target);
  try {
    await dropAbandoned(target);
    await makeDirectories(temporary);
    await build(temporary);
    await syncContents(temporary);
    return await moveInto(temporary, target);
  } catch (error) {
    await dropUnfinished(temporary);
    throw explainDiskError(error, target);
  }
}

/** Whether a name in the cache is something unfinished, and of which process: null when it is not. */
export function unfinishedOwner(name: string): number | null {
  const match = /\.(?:tmp|part)-(\d{1,10})-[0-9a-f]+$/.exec(name);
  return match ? Number(match[1]) : null;
}

/** Whether a process of that number is there; one of another user counts. */
export function isRunning(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Reads JSON that this program wrote to the cache; null when it is missing or damaged, which both mean: make it anew. */
export function parseCached(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
