// Finds files that results name: relative to a folder that the results do not record.
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, normalize, resolve, sep } from 'node:path';
import { sha256Of } from '../base/digest.ts';
import { UserError } from '../base/errors.ts';
import { OBJECT_FILE } from '../plan/inputs/inputs.ts';

const DEFAULT_OUT = 'corematrix-report';

/** The value of an option on a command line, in any form. */
export function optionOf(command: readonly string[], ...names: string[]): string | undefined {
  for (const [at, word] of command.entries()) {
    if (names.includes(word)) return command[at + 1];
    const name = names.find((each) => each.startsWith('--') && word.startsWith(`${each}=`));
    if (name !== undefined) return word.slice(name.length + 1);
  }
  return undefined;
}

/** The folder in which a run was started, if its report was not moved. */
function startedIn(results: string, command: readonly string[]): string | null {
  const report = dirname(results);
  const out = normalize(optionOf(command, '-o', '--out') ?? DEFAULT_OUT).replace(/\/$/, '');
  if (isAbsolute(out) || out.startsWith('..')) return null;
  if (out === '.') return report;
  return report.endsWith(`${sep}${out}`) ? report.slice(0, -out.length - 1) || sep : null;
}

/**
 * Folders to which names of a run may be relative, the most likely first.
 * @param results the results file
 * @param command the command of the run
 * @param config a configuration that the user names now
 */
export function foldersOf(results: string, command: readonly string[], config: string | undefined): string[] {
  const file = resolve(results);
  const started = startedIn(file, command);
  const near = [dirname(file), dirname(dirname(file))];
  return [
    ...new Set([
      ...(started === null ? [] : [started]),
      process.cwd(),
      ...(config === undefined ? [] : [dirname(resolve(config))]),
      ...near,
    ]),
  ];
}

/**
 * Finds a file that results name; of several, the unchanged one.
 * @returns its absolute path
 * @throws UserError that lists the searched places
 */
export async function findRecorded(name: string, sha256: string | null, folders: readonly string[]): Promise<string> {
  const paths = [...new Set(folders.map((folder) => resolve(folder, name)))];
  const found: { path: string; size: number }[] = [];
  for (const path of paths) {
    const facts = await stat(path).catch(() => null);
    if (facts?.isFile() === true) found.push({ path, size: facts.size });
  }
  // Only objects have a digest.
  const comparable = sha256 === null ? [] : found.filter(({ size }) => size <= OBJECT_FILE.maxBytes);
  for (const { path } of comparable) if ((await sha256Of(path).catch(() => null)) === sha256) return path;
  const [first] = found;
  if (first === undefined)
    throw new UserError(`${name}: no such file; looked for ${paths.join(', ')}; start this where that run was started`);
  return first.path;
}
