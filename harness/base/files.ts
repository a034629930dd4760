// The cache on disk: where it is, and writes that leave either the whole entry or none, whenever the process is killed.
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { InfraError } from './errors.ts';

/** Where downloads, kernels and snapshots are kept: `COREMATRIX_CACHE`, else `corematrix` in the XDG cache directory. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['COREMATRIX_CACHE'];
  if (own) return isAbsolute(own) ? own : join(process.cwd(), own);
  const xdg = env['XDG_CACHE_HOME'];
  // The XDG base directory specification requires that relative values are ignored.
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

/** Whether a path is a directory, or a link to one. */
export async function isDirectory(path: string): Promise<boolean> {
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

/** Flushes the entries of a directory, or the bytes of a file, to disk. Windows can do neither with a file that is open for reading only. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Random characters for a name that no other process chooses. */
export function randomName(): string {
  return randomBytes(8).toString('hex');
}

/** The prefix of unfinished files and folders beside their target. They are on the same file system: a rename is atomic. */
export function unfinishedPrefix(target: string): string {
  return `${target}.tmp-`;
}

/** A new name for an unfinished file that takes moments to write. Longer work has a folder with an owner. */
export function unfinishedPath(target: string): string {
  return `${unfinishedPrefix(target)}${randomName()}`;
}

/** Cleans up after a failure and ignores errors, because the error of that failure matters. */
async function dropUnfinished(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => null);
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

/** Reads JSON that this program wrote to the cache; null if it is missing or damaged, so that the caller makes it again. */
export function parseCached(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
