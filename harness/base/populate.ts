// Makes folders of the cache once: one owner fills a folder beside its place, and renames it when it is complete.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, explainDiskError, isDirectory, makeDirectories, syncDirectory, unfinishedPrefix } from './files.ts';
import { makeOwnedFolder, type OwnedFolder, removeAbandoned } from './ownership.ts';

/** Whether a name in the cache belongs to unfinished data. */
export function isUnfinished(name: string): boolean {
  return /\.(?:tmp|part)-(?:\d{1,10}-)?[0-9a-f]+$/.test(name);
}

/** Removes unfinished data of a target whose owners have ended. */
async function dropAbandoned(target: string): Promise<void> {
  const named = basename(target).replaceAll(/[^\w]/g, String.raw`\$&`);
  await removeAbandoned(dirname(target), new RegExp(String.raw`^${named}\.(?:tmp|part)-[0-9a-f]+$`));
}

/**
 * Makes a folder beside a target, to work on it. Removes unfinished data of the same target whose owners have ended.
 * @throws InfraError when the disk is full or may not be written
 */
export async function makeFolderBeside(target: string): Promise<OwnedFolder> {
  try {
    await makeDirectories(dirname(target));
    await dropAbandoned(target);
    return await makeOwnedFolder(unfinishedPrefix(target));
  } catch (error) {
    throw explainDiskError(error, target);
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
async function moveInto(folder: OwnedFolder, target: string): Promise<'built' | 'existing'> {
  try {
    await folder.moveTo(target);
    await syncDirectory(dirname(target));
    return 'built';
  } catch (error) {
    const lost = ['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '') && (await isDirectory(target));
    if (!lost) throw error;
    return 'existing';
  }
}

/**
 * Makes a directory once. An existing one is used unchanged; otherwise `build` fills a temporary one, which is then renamed.
 * @throws InfraError when the disk is full or may not be written; whatever `build` throws
 */
export async function populateDirectory(target: string, build: (directory: string) => Promise<void>): Promise<'built' | 'existing'> {
  if (await isDirectory(target)) return 'existing';
  const folder = await makeFolderBeside(target);
  try {
    await build(folder.path);
    await syncContents(folder.path);
    return await moveInto(folder, target);
  } catch (error) {
    throw explainDiskError(error, target);
  } finally {
    await folder.remove().catch(() => undefined);
  }
}
