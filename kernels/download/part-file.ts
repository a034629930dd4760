// Unfinished downloads beside their target. Each has one owner: taking one over is a rename, which only one process can win.
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
 * The path to write an unfinished download to. With `resume`, what an earlier download left behind is taken over: one that was given
 * up (`NAME.part`), or one whose process is gone (`NAME.part-PID-…`).
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

/** Gives an unfinished download up, so that the next one of the same target continues it. Does nothing when it was finished. */
export async function releasePart(path: string, target: string): Promise<void> {
  await takeOver(path, `${target}.part`);
}
