// Resolves all symbolic links of a path.
import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';

/** @see MAXSYMLINKS in the Linux kernel */
const MAX_LINKS = 40;

async function target(path: string, links: number): Promise<string | null> {
  const existing = await realpath(path).catch(() => null);
  if (existing !== null) return existing;
  if (links > MAX_LINKS) return null;
  const facts = await lstat(path).catch(() => null);
  if (facts?.isSymbolicLink() === true) return target(resolve(dirname(path), await readlink(path)), links + 1);
  if (dirname(path) === path) return null;
  const parent = await target(dirname(path), links);
  return parent === null ? null : join(parent, basename(path));
}

/**
 * The file that an absolute path means after all symbolic links, also for a file that does not exist yet, or a link to such a file.
 * @returns null for links that form a circle
 */
export async function realTarget(path: string): Promise<string | null> {
  return target(resolve(path), 0);
}

/** Whether a path is a folder or lies below it, by name alone. Both are absolute. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}
