// Where files of this machine are in a guest of `exec`: at the same path, so that paths in arguments and programs keep their meaning.
import { basename, isAbsolute, normalize, posix } from 'node:path';

/** The folder of what cannot have its own path, without a leading slash. Libraries are in it, too. */
export const EXEC_FOLDER = 'exec';

/** Names in the root of a guest that are taken: file systems of the kernel, and files of the agent. */
const TAKEN: ReadonlySet<string> = new Set(['', 'boot', 'dev', 'exec', 'init', 'loader', 'proc', 'sys']);

/** True if a guest can have a file of the user at this absolute path. */
export function isFreeInGuest(path: string): boolean {
  return isAbsolute(path) && !TAKEN.has(normalize(path).split('/')[1] ?? '');
}

/** The path of a file in the guest, without a leading slash: its own, or a place in the folder of `exec`. */
export function guestPathOf(path: string): string {
  return isFreeInGuest(path) ? normalize(path).slice(1) : `${EXEC_FOLDER}/${basename(path)}`;
}

/** The working folder in the guest, without a leading slash: that of this machine if a guest can have it. */
export function guestFolderOf(directory: string): string {
  return isFreeInGuest(directory) ? normalize(directory).replace(/\/$/, '').slice(1) : `${EXEC_FOLDER}/work`;
}

/** A path that the user gives for a guest: absolute, or relative to the working folder there; without a leading slash. */
export function typedGuestPath(path: string, folder: string): string {
  return posix.normalize(posix.join('/', isAbsolute(path) ? path : posix.join(folder, path))).slice(1);
}
