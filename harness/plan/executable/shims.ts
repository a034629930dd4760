// Shims: version managers such as pyenv, rbenv, asdf and mise put small programs into PATH that start the chosen version of a program.
import { access, constants, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { readUserFile } from '../../base/user-file.ts';
import { programsInPath } from '../packing/find-program.ts';
import { libraryOption } from './interpreters.ts';

const SHIM_FOLDER = 'shims';
const VERSION_FILE = { kind: 'a file with the name of a version', maxBytes: 1 << 12 } as const;
const MAX_OTHERS = 3;

const isExecutable = async (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const newestFirst = (a: string, b: string) => b.localeCompare(a, 'en', { numeric: true });

async function entriesOf(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).map((name) => join(folder, name)).toSorted(newestFirst);
}

/** The default version of pyenv and its relatives, which is in the file `version`; null without one. */
async function defaultVersion(root: string): Promise<string | null> {
  const text = (await readUserFile(join(root, 'version'), VERSION_FILE).catch(() => '')).toString();
  return text.trim().split(/\s+/)[0] || null;
}

/** Whether a program is in a folder of shims, which is beside the folders of the versions. Any other folder may have this name, too. */
async function isShim(file: string): Promise<boolean> {
  if (basename(dirname(file)) !== SHIM_FOLDER) return false;
  const beside: string[] = await readdir(dirname(dirname(file))).catch(() => []);
  return beside.includes('versions') || beside.includes('installs');
}

/**
 * The programs that a shim may start: the default version first, then that of the system, then the newest.
 * @see https://github.com/pyenv/pyenv#understanding-shims and https://asdf-vm.com/manage/core.html for the folders
 */
async function programsBehind(shim: string): Promise<string[]> {
  const [root, name] = [dirname(dirname(shim)), basename(shim)];
  const plugins = await Promise.all((await entriesOf(join(root, 'installs'))).map(entriesOf));
  const versions = [...(await entriesOf(join(root, 'versions'))), ...plugins.flat()];
  const chosen = await defaultVersion(root);
  const ordered = [
    ...versions.filter((folder) => basename(folder) === chosen),
    ...versions.filter((folder) => basename(folder) !== chosen),
  ];
  const found: string[] = [];
  for (const folder of ordered) {
    const file = join(folder, 'bin', name);
    if (await isExecutable(file)) found.push(file);
  }
  const others: string[] = [];
  for (const path of await programsInPath(name)) if (!found.includes(path) && !(await isShim(path))) others.push(path);
  return [...found.slice(0, 1), ...others.slice(0, 1), ...found.slice(1)];
}

/** What needs the program of a shim. */
interface Shimmed {
  /** The program or script as typed. */
  name: string;
  /** The path of the script whose interpreter is a shim; null if the program itself is one. */
  script: string | null;
}

/**
 * Checks that a program is no shim: a shim starts a program of this machine, which a guest does not have.
 * @param file the path of the program, or of the interpreter of a script
 * @throws UserError that names the shim, the programs that it may start, and the command to type
 */
export async function checkNoShim(file: string, { name, script }: Shimmed): Promise<void> {
  if (!(await isShim(file))) return;
  const [program = null, ...others] = await programsBehind(file);
  const what = script === null ? `${name}: ${file}` : `${name}: its interpreter ${file}`;
  const fault = `${what} is a shim of a version manager: it starts another program, which the guest does not have`;
  if (program === null) throw new UserError(`${fault}; name that program itself, by its path`);
  const library = await libraryOption(program);
  const words = [...(library === null ? [] : [library]), ...(script === null ? [program] : [`--with ${script}`, program, script])];
  const also = others.slice(0, MAX_OTHERS).join(', ');
  throw new UserError(`${fault}; type: corematrix exec -k SELECTOR ${words.join(' ')}${also === '' ? '' : ` (also here: ${also})`}`);
}
