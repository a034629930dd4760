// Names of unfinished downloads beside their target. Each has one owner. A process takes one over by a rename, so only one succeeds.
import { randomBytes } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, isRunning, unfinishedOwner } from '../../harness/base/files.ts';

async function takeOver(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * The path for an unfinished download. With `resume`, an earlier unfinished download is taken over: one that was released (`NAME.part`),
 * or one whose process has ended (`NAME.part-PID-…`).
 */
export async function claimPart(target: string, resume: boolean): Promise<string> {
  const mine = `${target}.part-${process.pid}-${randomBytes(4).toString('hex')}`;
  if (!resume) return mine;
  const names = await readdir(dirname(target));
  const abandoned = names.filter((name) => {
    if (!name.startsWith(`${basename(target)}.part`)) return false;
    const owner = unfinishedOwner(name);
    return owner === null || !isRunning(owner);
  });
  for (const name of abandoned) {
    if (await takeOver(join(dirname(target), name), mine)) return mine;
  }
  return mine;
}

/** Releases an unfinished download, so that the next one of the same target continues it. Does nothing if it was finished. */
export async function releasePart(path: string, target: string): Promise<void> {
  await takeOver(path, `${target}.part`);
}
