// The shared libraries that an executable of this machine needs, found as the dynamic linker finds them, without running it.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { dynamicNeeds } from '../../bpf/elf/dynamic.ts';
import { type Elf, machineName, readElf } from '../../bpf/elf/elf.ts';
import { UserError } from '../../base/errors.ts';
import { type FileLimit, readUserFile } from '../../base/user-file.ts';

const EM_X86_64 = 62;
const DEFAULT_FOLDERS = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
  '/usr/local/lib',
];
const LINKER_CONFIGURATION = '/etc/ld.so.conf';
/** Larger than all files together may be, so that the error for those can name the largest. */
export const PACKED_FILE = { kind: 'a file for a guest', maxBytes: 1 << 30 } as const satisfies FileLimit;
const CONFIGURATION_FILE = { kind: 'a configuration of the linker', maxBytes: 1 << 20 } as const satisfies FileLimit;
const MAX_LIBRARIES = 256;
const MAX_INCLUDES = 8;

/** A file as the guest gets it. */
export interface PackedFile {
  /** Its path in the guest, without the leading slash. */
  path: string;
  bytes: Uint8Array;
  executable: boolean;
}

/** The folders that ld.so.conf and its included files name. @see ldconfig(8) */
async function configuredFolders(file: string, depth = 0): Promise<string[]> {
  const text = (await readUserFile(file, CONFIGURATION_FILE).catch(() => '')).toString();
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const folders: string[] = [];
  for (const line of lines) {
    const pattern = /^include\s+(\S+)$/.exec(line)?.[1];
    if (line.startsWith('/')) folders.push(line);
    if (pattern === undefined || depth >= MAX_INCLUDES) continue;
    const folder = dirname(join(dirname(file), pattern.startsWith('/') ? '/' : '.', pattern));
    const ending = basename(pattern).replace(/^\*/, '');
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending)).toSorted();
    for (const name of names) folders.push(...(await configuredFolders(join(folder, name), depth + 1)));
  }
  return folders;
}

/**
 * Reads an ELF file that a guest can run or link.
 * @throws UserError that names the file and what it is instead
 */
export async function readExecutable(file: string, shown: string): Promise<{ bytes: Uint8Array; elf: Elf }> {
  const bytes = await readUserFile(file, { ...PACKED_FILE, shown });
  if (bytes.subarray(0, 2).toString() === '#!')
    throw new UserError(
      `${shown}: a script; guests have no interpreter for it: name an executable, or give the interpreter with its files`,
    );
  const read = readElf(bytes);
  if (!read.ok) throw new UserError(`${shown}: not an executable: ${read.reason}`);
  const { machine } = read.elf;
  if (machine !== EM_X86_64) throw new UserError(`${shown}: an executable for ${machineName(machine)}, but guests are x86-64`);
  return { bytes, elf: read.elf };
}

interface LibraryOptions {
  /** The folder of the libraries in the guest, without a leading slash. */
  folder: string;
  /** Folders to look in first, as in LD_LIBRARY_PATH. */
  extra: readonly string[];
  /** The name of the executable in messages. */
  shown: string;
}

/** Where a file and the libraries that it needs are searched, besides the folders of the machine. */
interface SearchFolders {
  /** DT_RPATH of the file, then of the files that need it. */
  rpath: readonly string[];
  /** DT_RUNPATH of the file. A file that has one is searched without any DT_RPATH. */
  runpath: readonly string[];
}

interface Wanted {
  name: string;
  /** The file that needs it. */
  by: string;
  folders: SearchFolders;
}

/** Folders that every search looks in: those of LD_LIBRARY_PATH, and those of the machine. */
interface CommonFolders {
  extra: readonly string[];
  machine: readonly string[];
}

/** The folders for a search, in the order of the dynamic linker. @see ld.so(8) */
function searchOrder({ rpath, runpath }: SearchFolders, { extra, machine }: CommonFolders): string[] {
  return [...new Set([...(runpath.length > 0 ? [] : rpath), ...extra, ...runpath, ...machine])];
}

async function findLibrary({ name, by, folders }: Wanted, common: CommonFolders, shown: string) {
  const order = searchOrder(folders, common);
  const places = name.includes('/') ? [name] : order.map((folder) => join(folder, name));
  for (const file of places) {
    const bytes = await readUserFile(file, PACKED_FILE).catch(() => null);
    const read = bytes && readElf(bytes);
    // The linker, too, skips libraries of another architecture.
    if (bytes && read?.ok === true && read.elf.machine === EM_X86_64) return { file, bytes, elf: read.elf };
  }
  throw new UserError(
    `${shown}: the shared library ${name}, which ${basename(by)} needs, is not on this machine; looked for in ${order.join(', ')}`,
  );
}

/** The values of `$LIB`: that of Debian, and that of other distributions. */
const LIB_FOLDERS = ['lib/x86_64-linux-gnu', 'lib64'] as const;

/** Replaces `$ORIGIN` and `$LIB` in the folders of a file. */
function expanded(folders: readonly string[], file: string): string[] {
  const absolute = folders.filter((folder) => folder !== '').map((folder) => folder.replaceAll(/\$ORIGIN|\$\{ORIGIN\}/g, dirname(file)));
  return absolute.flatMap((folder) =>
    /\$(?:LIB|\{LIB\})/.test(folder) ? LIB_FOLDERS.map((lib) => folder.replaceAll(/\$LIB|\$\{LIB\}/g, lib)) : [folder],
  );
}

/** @param inherited DT_RPATH of the files that need this file */
function wantedBy(file: string, elf: Elf, inherited: readonly string[] = []): Wanted[] {
  const { needed, runpath, rpath } = dynamicNeeds(elf);
  const folders = { rpath: [...expanded(rpath, file), ...inherited], runpath: expanded(runpath, file) };
  return needed.map((name) => ({ name, by: file, folders }));
}

/**
 * The dynamic linker of an executable, and all libraries that it needs, directly or not; nothing for a static executable.
 * @throws UserError if one is missing
 */
export async function librariesOf(file: string, elf: Elf, { folder, extra, shown }: LibraryOptions): Promise<PackedFile[]> {
  const { interpreter } = dynamicNeeds(elf);
  const common = { extra, machine: [...(await configuredFolders(LINKER_CONFIGURATION)), ...DEFAULT_FOLDERS] };
  const packed = new Map<string, PackedFile>();
  if (interpreter !== null && interpreter.startsWith('/')) {
    const { bytes } = await readExecutable(interpreter, `${shown}: its interpreter ${interpreter}`);
    packed.set(basename(interpreter), { path: interpreter.slice(1), bytes, executable: true });
  }
  const queue = wantedBy(file, elf);
  for (let wanted = queue.shift(); wanted; wanted = queue.shift()) {
    const name = basename(wanted.name);
    if (packed.has(name)) continue;
    if (packed.size >= MAX_LIBRARIES) throw new UserError(`${shown}: it needs more than ${MAX_LIBRARIES} shared libraries`);
    const found = await findLibrary(wanted, common, shown);
    packed.set(name, { path: `${folder}/${name}`, bytes: found.bytes, executable: true });
    queue.push(...wantedBy(found.file, found.elf, wanted.folders.rpath));
  }
  return [...packed.values()];
}
