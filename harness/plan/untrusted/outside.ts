// Finds the paths of a configuration that leave its folder, with symbolic links followed.
import { readdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { withPath } from '../../../kernels/selector.ts';
import { configuredPath } from '../../base/configured-path.ts';
import { UserError } from '../../base/errors.ts';
import { isWithin, realTarget } from '../../base/real-path.ts';
import { expand } from '../inputs/expand.ts';
import type { Rule } from './rules.ts';

type Names = Extract<Rule, { kind: 'inside' }>['names'];

/** Whether a path has a folder of git in it, by name alone. */
const isInGit = (path: string) => path.split(sep).includes('.git');

type Place = 'inside' | 'in git' | 'outside';

/** Where a path leads with all symbolic links followed: `in git` is in a folder of git that lies in the folder. */
async function placeOf(folder: string, path: string): Promise<Place> {
  const [root, target] = [await realTarget(folder), await realTarget(path)];
  if (root === null || target === null || !isWithin(root, target)) return 'outside';
  return isInGit(relative(root, target)) ? 'in git' : 'inside';
}

async function firstReason(folder: string, paths: readonly string[], written = false): Promise<string | null> {
  for (const path of paths) {
    const place = await placeOf(folder, path);
    const name = relative(folder, path);
    const shown = name === '' || name.startsWith('..') ? path : name;
    if (place === 'outside') return `${shown} leads out of the folder of the configuration`;
    if (place === 'in git' && written) return `${shown} leads into the folder of git`;
  }
  return null;
}

/** The symbolic links in a folder whose names match, and in folders below it if `recursive`. */
async function linksIn(folder: string, matches: (name: string) => boolean, recursive: boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive }).catch(() => []);
  return entries.flatMap((entry) => (entry.isSymbolicLink() && matches(entry.name) ? [join(entry.parentPath, entry.name)] : []));
}

/** The path in a selector; null without one. */
function pathInSelector(selector: string): string | null {
  let found: string | null = null;
  withPath(selector, (path) => {
    found = path;
    return path;
  });
  return found;
}

/** A pattern that cannot be expanded reads nothing; reading the objects reports it. */
async function matched(pattern: string, folder: string): Promise<string[]> {
  // Such a pattern follows links to folders, and would search the whole machine.
  const links = pattern.includes('**') ? await linksIn(folder, () => true, true) : [];
  if ((await firstReason(folder, links)) !== null) return links;
  return expand(pattern, folder).catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });
}

/** The files that a value makes corematrix read or write. */
const FILES = {
  path: async (value, folder) => {
    const path = configuredPath(folder, value);
    return [path, ...(await linksIn(path, () => true, true))];
  },
  glob: matched,
  selector: async (value, folder) => {
    const path = pathInSelector(value);
    if (path === null) return [];
    const file = configuredPath(folder, path);
    // The configuration of a kernel lies beside it.
    return [file, ...(await linksIn(dirname(file), (name) => name.startsWith('config-'), false))];
  },
  output: async (value, folder) => [configuredPath(folder, value)],
} as const satisfies Record<Names, (value: string, folder: string) => Promise<string[]>>;

/** By name alone, before anything is looked up. */
function namesOutside(value: string, names: Names): string | null {
  const path = names === 'selector' ? pathInSelector(value) : value;
  if (path === null) return null;
  if (isAbsolute(path)) return `${path} is an absolute path`;
  // Braces of a pattern may hold a part of a path.
  const parts = path.split(names === 'glob' ? /[/{},]/ : sep);
  if (names === 'glob' && parts.includes('..')) return `${path} leads out of the folder of the configuration`;
  return names === 'output' && isInGit(path) ? `${path} lies in the folder of git` : null;
}

/**
 * The reason why a value names a file that is not in a folder; null if all of its files are there.
 * @param names how the value names files
 * @param folder the folder of the configuration
 */
export async function outside(value: string, names: Names, folder: string): Promise<string | null> {
  const named = namesOutside(value, names);
  if (named !== null) return named;
  return firstReason(folder, await FILES[names](value, folder), names === 'output');
}

/**
 * Refuses a path of the user that another person can have redirected: it lies in the folder of the configuration by its name, but a
 * symbolic link there leads out of it, or into its folder of git.
 * @param option the option that names it
 * @throws UserError with the option and the path
 */
export async function checkNotRedirected(option: string, path: string, folder: string): Promise<void> {
  const file = configuredPath(process.cwd(), path);
  if (!isWithin(folder, file)) return;
  const place = await placeOf(folder, file);
  // The user may name the folder of git; a link may not lead there.
  if (place === 'inside' || (place === 'in git' && isInGit(relative(folder, file)))) return;
  const where = place === 'outside' ? `out of ${folder}` : `into the folder of git in ${folder}`;
  throw new UserError(
    `${option} ${path}: a symbolic link leads ${where}, and the configuration there is not trusted; remove the link, or name another path`,
  );
}
