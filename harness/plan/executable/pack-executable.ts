// Packs an executable of this machine, its libraries and named files, as the object of a run.
import { createHash } from 'node:crypto';
import { basename, dirname, relative } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { uniqueId } from '../../base/ids.ts';
import { readElf } from '../../bpf/elf/elf.ts';
import type { RunObject } from '../inputs/inputs.ts';
import { packFiles } from '../packing/archive.ts';
import { librariesOf, type PackedFile } from '../packing/libraries.ts';
import { checkDistinctPaths, type FileSource } from './distinct-paths.ts';
import { runObjectOf } from './executable-object.ts';
import { EXEC_FOLDER, guestFolderOf, typedGuestPath } from './guest-path.ts';
import { checkInterpreter } from './interpreters.ts';
import { namedFiles, testdataFiles } from './named-files.ts';
import { firstLineOf, interpreterFiles, LIBRARY_FOLDER, startedProgram } from './started-program.ts';

const MIB = 2 ** 20;
const MAX_ARCHIVE = 200 * MIB;
/** The folders in the PATH of a guest, after that of the executable. */
export const SYSTEM_PATH: readonly string[] = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Folders that each guest has: those of HOME and TMPDIR, and that of the libraries. */
const GUEST_FOLDERS: readonly string[] = ['root', 'tmp', LIBRARY_FOLDER];

/** Where the agent finds the standard input of a command. @see harness/guest/agent/command.c */
const INPUT_FILE = `${EXEC_FOLDER}/stdin`;

export interface ExecutableRequest {
  /** The program and its arguments, as typed. */
  argv: readonly [string, ...string[]];
  /** `PATH` or `PATH:GUESTPATH` of more files and folders. */
  with: readonly string[];
  env: Readonly<Record<string, string>>;
  /** The bytes of its standard input; null if that is empty. */
  input: Uint8Array | null;
  /** Path in the guest of a file with test results in JUnit XML; null if there is none. */
  results: string | null;
  timeoutMs: number;
  /** The working folder. */
  directory: string;
  note: (text: string) => void;
}

/** Of several files with one path, the first. */
function withoutCopies(files: readonly PackedFile[]): PackedFile[] {
  return [...new Map(files.toReversed().map((file) => [file.path, file])).values()].toReversed();
}

/** What named files need, as far as this machine has it: the libraries of executables and libraries, and the interpreters of scripts. */
async function neededByNamed(files: readonly PackedFile[], directory: string): Promise<PackedFile[]> {
  const found: PackedFile[] = [];
  const lines = new Set<string>();
  for (const { path, bytes, executable } of files) {
    const line = executable ? firstLineOf(bytes) : '';
    if (line.startsWith('#!') && !lines.has(line)) found.push(...(await interpreterFiles(bytes, directory)));
    lines.add(line);
    const read = readElf(bytes);
    if (!read.ok) continue;
    // A library that is missing here was optional, or the program itself will name it.
    found.push(...(await librariesOf(`/${path}`, read.elf, { folder: LIBRARY_FOLDER, extra: [], shown: path }).catch(() => [])));
  }
  return found;
}

function checkSize(tar: Buffer, files: readonly PackedFile[], name: string): void {
  if (tar.length <= MAX_ARCHIVE) return;
  const largest = files.toSorted((a, b) => b.bytes.length - a.bytes.length).slice(0, 3);
  const list = largest.map(({ path, bytes }) => `/${path} (${(bytes.length / MIB).toFixed(1)} MiB)`).join(', ');
  throw new UserError(
    `${name}: the program and its files have ${(tar.length / MIB).toFixed(1)} MiB; a guest has room for ${MAX_ARCHIVE / MIB} MiB; the largest: ${list}`,
  );
}

function idOf(file: string): string {
  const safe = basename(file)
    .replace(/\.test$/, '')
    .replaceAll(/[^\w.+-]/g, '_');
  return uniqueId(safe || 'program', new Set());
}

export interface PackedProgram {
  /** The program or script, with the executable that starts. */
  file: { path: string; shown: string; bytes: Uint8Array };
  /** The command in the guest. */
  argv: string[];
  env: Readonly<Record<string, string>>;
  /** The names of variables whose values the user gave: a bundle does not hold these values. */
  variables: readonly string[];
  /** Everything that the guest gets. */
  files: readonly PackedFile[];
  /** The working folder in the guest, without a leading slash. */
  folder: string;
  timeoutMs: number;
  /** Absolute path in the guest of the file with test results. */
  results: string | null;
}

/**
 * A packed program as the object of a run.
 * @throws UserError if all files together are too large
 */
export function executableObject({ file, argv, env, variables, files, folder, timeoutMs, results }: PackedProgram): RunObject {
  const tar = packFiles(files, ['root', LIBRARY_FOLDER, folder]);
  checkSize(tar, files, file.shown);
  const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const command = { folder: `/${folder}`, argv, env, timeoutMs, tar, sha256: digestOf(tar) };
  const facts = { id: idOf(file.path), path: file.shown, sha256: digestOf(file.bytes), size: file.bytes.length };
  return runObjectOf({ file: file.path, facts, command, executable: { results, variables } });
}

/**
 * Packs an executable for guests.
 * @throws UserError if it cannot run there: it is of another architecture, or a library or the standard library of its interpreter is missing
 */
export async function packExecutable(request: ExecutableRequest): Promise<RunObject> {
  const { directory, env, timeoutMs, results } = request;
  const [name, ...args] = request.argv;
  const program = await startedProgram(name, directory);
  const sources: FileSource[] = [];
  for (const text of request.with) sources.push({ source: `--with ${text}`, files: await namedFiles(text, directory) });
  const named = sources.flatMap(({ files }) => files);
  await checkInterpreter(program.executable, named);
  const input = request.input === null ? [] : [{ path: INPUT_FILE, bytes: request.input, executable: false }];
  const folder = guestFolderOf(directory);
  const others: FileSource[] = [
    { source: 'the program', files: program.files },
    { source: '--stdin', files: input },
  ];
  checkDistinctPaths([...sources, ...others], [...GUEST_FOLDERS, folder]);
  const given = [...program.files, ...input, ...named, ...(await testdataFiles(directory, request.note))];
  const files = withoutCopies([...given, ...(await neededByNamed(named, directory))]);
  const shown = relative(directory, program.file);
  const path = [dirname(program.argv[0] ?? '/'), ...SYSTEM_PATH].join(':');
  return executableObject({
    file: { path: program.file, shown: shown.startsWith('..') ? program.file : shown, bytes: program.bytes },
    argv: [...program.argv, ...args],
    env: { PATH: path, HOME: '/root', TMPDIR: '/tmp', LD_LIBRARY_PATH: `/${LIBRARY_FOLDER}`, ...env },
    variables: Object.keys(env),
    files,
    folder,
    timeoutMs,
    results: results === null ? null : `/${typedGuestPath(results, `/${folder}`)}`,
  });
}
