// What a run that was killed could not clear: its temporary folders and unfinished snapshots, cleared by the next run.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from '../base/files.ts';

/** Removes from a folder what belongs to processes that are gone; the first group of `owned` is the number of the process. */
export async function removeLeftovers(folder: string, owned: RegExp): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = Number(owned.exec(name)?.[1]);
    // What cannot be removed is another user's.
    if (pid > 0 && !isRunning(pid)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
