// Finds a program of this machine by the name that the user typed.
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { configuredPath } from '../../base/configured-path.ts';

/** All programs of a name in the folders of PATH, in their order. */
export async function programsInPath(name: string): Promise<string[]> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found: string[] = [];
  for (const file of folders.map((folder) => join(folder, name))) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) found.push(file);
  }
  return found;
}

/**
 * Finds a program as a shell does: a name with a slash is a path, any other is looked up in PATH.
 * @param directory the folder to which relative paths belong
 * @returns its path, which may not exist; null if no folder of PATH has the name
 */
export async function findProgram(name: string, directory: string): Promise<string | null> {
  if (name.includes('/')) return configuredPath(directory, name);
  return (await programsInPath(name))[0] ?? null;
}
