// Interpreters whose standard library is in files beside them: a guest has these only if the user names them.
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import type { PackedFile } from '../packing/libraries.ts';

interface Interpreter {
  /** Of the file name. */
  pattern: RegExp;
  /** The end of the path of a file that every standard library has. */
  landmark: string;
  /** Where the library is below the prefix of the interpreter; `*` is any one name. The first that exists is suggested. */
  folders: readonly string[];
}

/**
 * Node.js and shells need no files besides their executable.
 * @see https://docs.python.org/3/library/sys_path_init.html perlrun(1)
 */
const INTERPRETERS: readonly Interpreter[] = [
  { pattern: /^python\d*(?:\.\d+)?$/, landmark: '/encodings/__init__.py', folders: ['lib/{name}', 'lib64/{name}', 'lib/python3*'] },
  {
    pattern: /^perl[\d.]*$/,
    landmark: '/strict.pm',
    folders: ['lib/x86_64-linux-gnu/perl-base', 'share/perl/*', 'lib/perl5/*', 'share/perl5', 'lib64/perl5', 'lib/perl5'],
  },
  { pattern: /^ruby[\d.]*$/, landmark: '/set.rb', folders: ['lib/ruby/*'] },
];

/** The existing folders that a pattern with at most one `*`, in its last part, means. */
async function matching(pattern: string): Promise<string[]> {
  const [folder, last] = [dirname(pattern), basename(pattern)];
  const names = last.includes('*')
    ? (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(last.replace('*', '')))
    : [last];
  return names.toSorted().map((name) => join(folder, name));
}

/** The folder of the standard library of an interpreter; null if it is not where it usually is. */
async function libraryFolder(file: string, { landmark, folders }: Interpreter): Promise<string | null> {
  const prefix = dirname(dirname(file));
  for (const each of folders) {
    for (const folder of await matching(join(prefix, each.replace('{name}', basename(file))))) {
      const isThere = await stat(`${folder}${landmark}`).then(
        () => true,
        () => false,
      );
      if (isThere) return folder;
    }
  }
  return null;
}

const interpreterOf = (file: string) => INTERPRETERS.find(({ pattern }) => pattern.test(basename(file)));

/**
 * The option that gives a guest the standard library of an interpreter.
 * @param file the path of an executable
 * @returns null for an executable that needs no library, or whose library is not where it usually is
 */
export async function libraryOption(file: string): Promise<string | null> {
  const known = interpreterOf(file);
  const folder = known ? await libraryFolder(file, known) : null;
  return folder === null ? null : `--with ${folder}`;
}

/**
 * Checks that the files for a guest contain the standard library of an interpreter.
 * @param file the real path of an executable, which may be no interpreter at all
 * @throws UserError that names the option to type: without these files a program fails on every kernel
 */
export async function checkInterpreter(file: string, files: readonly PackedFile[]): Promise<void> {
  const known = interpreterOf(file);
  if (!known || files.some(({ path }) => `/${path}`.endsWith(known.landmark))) return;
  const option = (await libraryOption(file)) ?? '--with FOLDER, with the folder of its standard library';
  throw new UserError(`${basename(file)} needs its standard library, which the guest does not have; add ${option}`);
}
