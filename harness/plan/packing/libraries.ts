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

interface Wanted {
  name: string;
  /** The file that needs it. */
  by: string;
  folders: string[];
}

async function findLibrary({ name, by, folders }: Wanted, common: readonly string[], shown: string) {
  const places = name.includes('/') ? [name] : [...folders, ...common].map((folder) => join(folder, name));
  for (const file of places) {
    const bytes = await readUserFile(file, PACKED_FILE).catch(() => null);
    const read = bytes && readElf(bytes);
    // The linker, too, skips libraries of another architecture.
    if (bytes && read?.ok === true && read.elf.machine === EM_X86_64) return { file, bytes, elf: read.elf };
  }
  const searched = [...new Set([...folders, ...common])].join(', ');
  throw new UserError(
    `${shown}: the shared library ${name}, which ${basename(by)} needs, is not on this machine; looked for in ${searched}`,
  );
}

function wantedBy(file: string, elf: Elf): Wanted[] {
  const { needed, runpath } = dynamicNeeds(elf);
  const folders = runpath.filter((folder) => folder !== '').map((folder) => folder.replaceAll(/\$ORIGIN|\$\{ORIGIN\}/g, dirname(file)));
  return needed.map((name) => ({ name, by: file, folders }));
}

/**
 * The dynamic linker of an executable, and all libraries that it needs, directly or not; nothing for a static executable.
 * @throws UserError if one is missing
 */
export async function librariesOf(file: string, elf: Elf, { folder, extra, shown }: LibraryOptions): Promise<PackedFile[]> {
  const { interpreter } = dynamicNeeds(elf);
  const common = [...extra, ...(await configuredFolders(LINKER_CONFIGURATION)), ...DEFAULT_FOLDERS];
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
    queue.push(...wantedBy(found.file, found.elf));
  }
  return [...packed.values()];
}
