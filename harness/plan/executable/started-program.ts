// The program that `exec` starts in a guest: an executable, or a script with its interpreter.
import { isUtf8 } from 'node:buffer';
import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { readUserFile } from '../../base/user-file.ts';
import { findProgram } from '../packing/find-program.ts';
import { librariesOf, PACKED_FILE, type PackedFile, readExecutable } from '../packing/libraries.ts';
import { EXEC_FOLDER, guestPathOf, isFreeInGuest } from './guest-path.ts';
import { checkNoShim } from './shims.ts';

export const LIBRARY_FOLDER = `${EXEC_FOLDER}/lib`;
/** The longest first line of a script that Linux reads. @see execve(2) */
const MAX_SHEBANG = 255;

export interface StartedProgram {
  /** What is tested: the executable, or the script. */
  file: string;
  bytes: Uint8Array;
  /** The real path of the executable that starts. */
  executable: string;
  /** The first words of the command in the guest. */
  argv: string[];
  /** The program with the libraries that it needs. */
  files: PackedFile[];
}

interface Named {
  name: string;
  directory: string;
}

const NO_INTERPRETER =
  'its first line names no interpreter; the first line of a script must be "#!" and the path of its interpreter, such as #!/bin/sh';

/** False for a file without the permission to execute it. */
async function mayExecute(file: string): Promise<boolean> {
  const facts = await stat(file).catch(() => null);
  return facts?.isFile() !== true || (facts.mode & 0o111) !== 0;
}

async function locate({ name, directory }: Named): Promise<string> {
  if (name === '') throw new UserError('the name of the program is empty; expected a path, or the name of a program in PATH');
  const file = await findProgram(name, directory);
  if (file === null) throw new UserError(`${name}: no such program in PATH; a path such as ./${name} names one in this folder`);
  if (!(await mayExecute(file))) throw new UserError(`${name}: not executable; "chmod +x ${name}" makes it so`);
  return file;
}

/** The path of the interpreter of a script. */
async function locateInterpreter(script: string, { name, directory }: Named): Promise<string> {
  const file = await findProgram(name, directory);
  if (file === null) throw new UserError(`${script}: its interpreter ${name} is in no folder of PATH`);
  if (!(await mayExecute(file)))
    throw new UserError(`${script}: its interpreter ${name} is not executable; "chmod +x ${name}" makes it so`);
  return file;
}

/** An executable with its dynamic linker and libraries. */
async function executableAt(file: string, shown: string): Promise<StartedProgram> {
  const { bytes, elf } = await readExecutable(file, shown);
  const extra = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const executable = await realpath(file);
  const libraries = await librariesOf(executable, elf, { folder: LIBRARY_FOLDER, extra, shown });
  const path = guestPathOf(executable);
  return { file, bytes, executable, argv: [`/${path}`], files: [{ path, bytes, executable: true }, ...libraries] };
}

/** The part of the first line of a script that Linux reads. */
export function firstLineOf(script: Uint8Array): string {
  return Buffer.from(script.subarray(0, MAX_SHEBANG)).toString().split('\n', 1)[0] ?? '';
}

interface Shebang {
  /** The interpreter. `env NAME` is looked up in PATH. */
  name: string;
  args: string[];
  /** The path of env, if it finds the interpreter. */
  env: string | null;
}

/** The words after `#!`: the interpreter, and at most one argument. */
function shebangOf(script: Uint8Array): Shebang | null {
  const [, name = '', rest = ''] = /^#!\s*(\S+)\s*(.*?)\s*$/.exec(firstLineOf(script)) ?? [];
  if (name === '') return null;
  if (basename(name) !== 'env') return { name, args: rest === '' ? [] : [rest], env: null };
  const [program = '', ...args] = rest.replace(/^-S\s*/, '').split(/\s+/);
  return program === '' ? null : { name: program, args, env: name };
}

/**
 * What a script needs that another program starts: its interpreter with libraries, at the path in its first line.
 * @param directory the folder to which relative paths belong
 * @returns nothing for a file that is no script, and for an interpreter that this machine does not have
 */
export async function interpreterFiles(script: Uint8Array, directory: string): Promise<PackedFile[]> {
  const shebang = shebangOf(script);
  if (!shebang) return [];
  const found: PackedFile[] = [];
  for (const name of [shebang.env, shebang.name].filter((each) => each !== null)) {
    const file = await findProgram(name, directory);
    const started = file === null ? null : await executableAt(file, name).catch(() => null);
    const path = file !== null && isFreeInGuest(file) ? guestPathOf(file) : null;
    if (started && path !== null) found.push({ path, bytes: started.bytes, executable: true }, ...started.files);
  }
  return found;
}

async function scriptAt(file: string, bytes: Uint8Array, { name, directory }: Named): Promise<StartedProgram> {
  const shebang = shebangOf(bytes);
  if (!shebang) throw new UserError(`${name}: ${NO_INTERPRETER}`);
  const interpreter = await locateInterpreter(name, { name: shebang.name, directory });
  await checkNoShim(interpreter, { name, script: name.includes('/') ? name : file });
  const started = await executableAt(interpreter, `${name}: its interpreter ${shebang.name}`);
  const path = guestPathOf(file);
  const argv = [...started.argv, ...shebang.args, `/${path}`];
  return { ...started, file, bytes, argv, files: [...started.files, { path, bytes, executable: true }] };
}

/**
 * Finds a program as a shell does, with its libraries; for a script, with its interpreter.
 * @param name a path, or a name to look up in PATH
 * @param directory the folder to which relative paths belong
 * @throws UserError if it cannot run in a guest
 */
export async function startedProgram(name: string, directory: string): Promise<StartedProgram> {
  const file = await locate({ name, directory });
  await checkNoShim(file, { name, script: null });
  const bytes = await readUserFile(file, { ...PACKED_FILE, shown: name });
  const isScript = Buffer.from(bytes.subarray(0, 2)).toString() === '#!';
  if (isScript) return scriptAt(file, bytes, { name, directory });
  const isText = bytes.length > 0 && isUtf8(bytes) && !bytes.includes(0);
  if (isText) throw new UserError(`${name}: a text file, and ${NO_INTERPRETER}`);
  return executableAt(file, name);
}
