// Folders with an owner: a process that holds a lock on a file in the folder as long as it lives. It is a lock of the kernel (flock(2)),
// so all containers and process namespaces see it, and it ends with its owner, even a killed one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InfraError, UserError } from './errors.ts';
import { errorCode, isDirectory, randomName } from './files.ts';

/** The locked file of an owned folder. */
export const OWNER_FILE = '.owner';
/** Without a usable lock, data counts as abandoned if it was not changed for this time. */
const UNTOUCHED_MS = 24 * 60 * 60 * 1000;
const CREATE_TRIES = 20;
/** flock(1) answers at once. */
const ANSWER_MS = 20_000;
/** A taken lock is tried again after this time: not every flock(1) can wait for a limited time. */
const RETRY_MS = 100;

/**
 * File systems of this machine alone, by `statfs(2)` type: ext, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS, bcachefs, ramfs. On any other one
 * another machine may hold a lock that this machine does not see.
 * @see https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/magic.h
 */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef_53, 0x58_46_53_42, 0x91_23_68_3e, 0x01_02_19_94, 0x79_4c_76_30, 0xf2_f5_20_10, 0x2f_c1_2f_c1, 0xca_45_1a_4e, 0x85_84_58_f6,
]);

/** `impossible`: there is no flock(1), or the file system has no locks. */
type LockState = 'locked' | 'taken' | 'impossible';

/** A folder of this process alone. No other process removes it while this process lives. */
export interface OwnedFolder {
  path: string;
  /** Renames the folder to its final path and gives up the ownership. If the rename fails, nothing changes. */
  moveTo: (target: string) => Promise<void>;
  /** Removes the folder with all that is in it. Does nothing after `moveTo`. */
  remove: () => Promise<void>;
}

/**
 * Locks an open file for this process. Node has no flock(2), so flock(1) locks the open file that it inherits. The lock belongs to that
 * open file, and stays when flock(1) ends, until this process closes the file or ends.
 */
async function tryLock({ fd }: FileHandle): Promise<LockState> {
  const child = spawn('flock', ['-x', '-n', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
    timeout: ANSWER_MS,
    killSignal: 'SIGKILL',
  });
  const exitCode = await once(child, 'close').then(
    ([code]: unknown[]) => code,
    () => null,
  );
  if (exitCode === 0) return 'locked';
  return exitCode === 1 ? 'taken' : 'impossible';
}

async function lockOpenFile(handle: FileHandle, waitSeconds: number): Promise<LockState> {
  const end = performance.now() + waitSeconds * 1000;
  for (;;) {
    const state = await tryLock(handle);
    if (state !== 'taken' || performance.now() >= end) return state;
    await sleep(RETRY_MS);
  }
}

/** Whether a path still names the open file. */
async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  const [opened, found] = await Promise.all([handle.stat(), stat(path).catch(() => null)]);
  return found !== null && found.ino === opened.ino && found.dev === opened.dev;
}

/** A folder whose owner holds no lock. Others leave it alone until it is old. */
function unlockedFolder(path: string): OwnedFolder {
  return {
    path,
    moveTo: async (target) => rename(path, target),
    remove: async () => rm(path, { recursive: true, force: true }),
  };
}

function lockedFolder(path: string, lock: FileHandle): OwnedFolder {
  let held = true;
  const release = async () => {
    held = false;
    await lock.close();
  };
  return {
    path,
    moveTo: async (target) => {
      await rename(path, target);
      await rm(join(target, OWNER_FILE), { force: true });
      await release();
    },
    remove: async () => {
      if (!held) return;
      await removeLast(path, OWNER_FILE);
      await release();
    },
  };
}

/** A path of an open folder that no link can take. Without /proc it is the folder's own, checked once; null if that names another folder. */
async function steadyPath(folder: FileHandle, path: string): Promise<string | null> {
  const steady = `/proc/self/fd/${folder.fd}`;
  if (await isDirectory(steady)) return steady;
  return (await isAt(path, folder)) ? path : null;
}

/**
 * Removes a file or folder, one file in the folder last: an interrupted removal leaves a folder that still has its owner file. No link is
 * followed: the entries are those of the open folder, even if a link takes its path meanwhile.
 */
async function removeLast(path: string, last: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(() => null);
  if (folder !== null) {
    try {
      const entries = await steadyPath(folder, path);
      const names = entries === null ? [] : (await readdir(entries)).map((name) => join(entries, name));
      for (const entry of names) if (basename(entry) !== last) await rm(entry, { recursive: true, force: true });
    } finally {
      await folder.close();
    }
  }
  await rm(path, { recursive: true, force: true });
}

/** Locks a new folder. Null if another process took it for abandoned in the moment before the lock. */
async function own(path: string): Promise<OwnedFolder | null> {
  const file = join(path, OWNER_FILE);
  let handle: FileHandle;
  try {
    handle = await open(file, 'wx+');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const state = await lockOpenFile(handle, 0);
  if (state === 'locked' && (await isAt(file, handle))) return lockedFolder(path, handle);
  // A file without a lock would tell others that its owner has ended.
  if (state === 'impossible') await rm(file, { force: true });
  await handle.close();
  return state === 'impossible' ? unlockedFolder(path) : null;
}

/**
 * Makes a folder that this process owns until it removes or moves it, or ends.
 * @param prefix path of the folder; random characters are appended
 * @throws the system's error if it cannot be made
 */
export async function makeOwnedFolder(prefix: string, { mode = 0o777 }: { mode?: number } = {}): Promise<OwnedFolder> {
  for (let tries = 0; tries < CREATE_TRIES; tries += 1) {
    const path = `${prefix}${randomName()}`;
    await mkdir(path, { mode });
    const folder = await own(path);
    if (folder) return folder;
  }
  throw new InfraError(`${prefix}…: another process removes every folder of this name`);
}

/** The last change of a file, or of anything in a folder, in milliseconds since 1970. */
async function lastChange(path: string): Promise<number> {
  const facts = await lstat(path).catch(() => null);
  if (!facts) return Date.now();
  if (!facts.isDirectory()) return facts.mtimeMs;
  const names = await readdir(path).catch(() => []);
  const changes = await Promise.all(names.map(async (name) => lastChange(join(path, name))));
  return Math.max(facts.mtimeMs, ...changes);
}

async function isUntouched(path: string): Promise<boolean> {
  return Date.now() - (await lastChange(path)) > UNTOUCHED_MS;
}

async function isOnThisMachine(path: string): Promise<boolean> {
  const { type } = await statfs(path);
  // Node sign-extends types of 32 bits on some machines.
  return LOCAL_FILE_SYSTEMS.has(type >>> 0);
}

/** Runs an action on the data of an owner that has ended, under that owner's lock. Null if the owner may live. */
async function onAbandoned<Result>(path: string, action: () => Promise<Result>): Promise<Result | null> {
  const facts = await lstat(path);
  // corematrix makes no links: another program or person made this one.
  if (facts.isSymbolicLink()) return null;
  if (!facts.isDirectory()) return (await isUntouched(path)) ? action() : null;
  const file = join(path, OWNER_FILE);
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return errorCode(error) === 'ENOENT' && (await isUntouched(path)) ? action() : null;
  }
  try {
    if ((await lockOpenFile(handle, 0)) !== 'locked' || !(await isAt(file, handle))) return null;
    if (!(await isOnThisMachine(path)) && !(await isUntouched(path))) return null;
    return await action();
  } finally {
    await handle.close();
  }
}

/**
 * Runs an action on a folder or file if its owner has ended: the owner's lock is free; or no lock is usable, and nothing in it was
 * changed for a day. Meanwhile no other process takes the folder.
 * @returns null if the owner may live, or if the path is a symbolic link or cannot be read
 */
export async function ifAbandoned<Result>(path: string, action: () => Promise<Result>): Promise<Result | null> {
  return onAbandoned(path, action).catch(() => null);
}

/** Removes a folder or file if its owner has ended; see `ifAbandoned`. Returns whether it did. */
export async function removeIfAbandoned(path: string): Promise<boolean> {
  const removed = await ifAbandoned(path, async () => {
    await removeLast(path, OWNER_FILE);
    return true;
  });
  return removed ?? false;
}

/**
 * Removes from a folder the data of owners that have ended.
 * @param named matches the names of owned folders and unfinished files
 * @param user if given, only what belongs to this user: in a folder where strangers write, their links are not followed
 */
export async function removeAbandoned(folder: string, named: RegExp, { user }: { user?: number | undefined } = {}): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => named.test(each))) {
    const path = join(folder, name);
    const facts = await lstat(path).catch(() => null);
    if (facts && (user === undefined || facts.uid === user)) await removeIfAbandoned(path);
  }
}

/** Opens a file for its lock, and creates it if needed. A link is not followed: it could create a file anywhere. */
async function openLockFile(path: string): Promise<FileHandle> {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const found = await lstat(path).catch(() => null);
    const isLink = found?.isSymbolicLink() === true;
    if (!isLink && found?.isDirectory() !== true) throw error;
    const kind = isLink ? 'a symbolic link' : 'a folder';
    throw new UserError(`${path}: is ${kind}; expected a file that corematrix can lock; move it away`, { cause: error });
  }
}

/**
 * Runs an action while this process holds the lock of a file, which is created if needed. Without flock(1), or on a file system without
 * locks, the action runs without a lock.
 * @throws UserError for a link, a folder or another file that cannot be locked
 * @throws InfraError if another process holds the lock for longer than `waitSeconds`
 */
export async function withLockedFile<Result>(path: string, waitSeconds: number, action: () => Promise<Result>): Promise<Result> {
  for (;;) {
    const handle = await openLockFile(path);
    try {
      const state = await lockOpenFile(handle, waitSeconds);
      if (state === 'taken') throw new InfraError(`${path}: another process has held the lock of this file for ${waitSeconds} s`);
      // The file may have been replaced while its lock was awaited.
      if (state === 'impossible' || (await isAt(path, handle))) return await action();
    } finally {
      await handle.close();
    }
  }
}

/** Whether a process holds the lock of a file at this moment. The file is not created or changed. */
export async function isHeld(path: string): Promise<boolean> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return false;
  try {
    return (await lockOpenFile(handle, 0)) === 'taken';
  } finally {
    await handle.close();
  }
}

/** The lock of a file that this process holds. */
export interface HeldFile {
  /** Gives up the lock. The file stays. */
  release: () => Promise<void>;
}

/**
 * Holds the lock of a file until `release`, or until this process ends. The file is created if needed. Without flock(1), or on a file
 * system without locks, the file is held without a lock.
 * @returns null if another process holds the lock
 */
export async function holdFile(path: string): Promise<HeldFile | null> {
  for (;;) {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const state = await lockOpenFile(handle, 0);
    // The process that held the lock before may have removed the file.
    if (state === 'impossible' || (state === 'locked' && (await isAt(path, handle)))) return { release: async () => handle.close() };
    await handle.close();
    if (state === 'taken') return null;
  }
}
