// Unfinished downloads beside their target. Each is a file in a folder that one process owns; the next process continues it.
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../../harness/base/files.ts';
import { ifAbandoned, makeOwnedFolder } from '../../harness/base/ownership.ts';

const PART = 'part';

/** An unfinished download of this process. */
export interface PartFile {
  path: string;
  /** Ends the work on it. With `keep`, the next download of the same target continues it. Does nothing if the download was finished. */
  release: (options: { keep: boolean }) => Promise<void>;
}

/** Moves a file if it exists. Returns whether it did. A link or a named pipe stays: no download wrote it. */
async function take(from: string, to: string): Promise<boolean> {
  try {
    const facts = await lstat(from);
    if (!facts.isFile() && !facts.isDirectory()) return false;
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Takes the unfinished download of a process that has ended. */
async function takeAbandoned(folder: string, to: string): Promise<boolean> {
  const taken = await ifAbandoned(folder, async () => {
    const found = await take(join(folder, PART), to);
    await rm(folder, { recursive: true });
    return found;
  });
  return taken === true;
}

/**
 * Makes the file for an unfinished download. With `resume`, it continues an earlier one if possible: a released one (`NAME.part`), or
 * that of a process that has ended (in a folder `NAME.part-…`).
 */
export async function claimPart(target: string, resume: boolean): Promise<PartFile> {
  const folder = await makeOwnedFolder(`${target}.part-`);
  const path = join(folder.path, PART);
  const release: PartFile['release'] = async ({ keep }) => {
    if (keep) await take(path, `${target}.part`);
    await folder.remove();
  };
  if (!resume || (await take(`${target}.part`, path))) return { path, release };
  const names: string[] = await readdir(dirname(target));
  for (const name of names.toSorted()) {
    const other = join(dirname(target), name);
    if (!name.startsWith(`${basename(target)}.part-`) || other === folder.path) continue;
    if (await takeAbandoned(other, path)) break;
  }
  return { path, release };
}
