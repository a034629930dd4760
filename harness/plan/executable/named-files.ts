// The files and folders that `--with` names, and the folder testdata/, for a guest of `exec`.
import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { messageOf, UserError } from '../../base/errors.ts';
import { errorCode } from '../../base/files.ts';
import { checkUserFile, readUserFile } from '../../base/user-file.ts';
import { PACKED_FILE, type PackedFile } from '../packing/libraries.ts';
import { guestFolderOf, guestPathOf, isFreeInGuest, typedGuestPath } from './guest-path.ts';

const MAX_FILES = 20_000;
/** `testdata/` is packed by itself only up to this size. */
const MAX_TESTDATA = 8 << 20;
/** What `--with` takes, for errors. */
const EXPECTED = 'expected PATH or PATH:GUESTPATH';

/** A path of this machine and its path in the guest. */
interface Named {
  path: string;
  /** Without a leading slash. */
  guest: string;
}

interface Walk {
  /** Files outside of this folder are left out, also behind links; null to follow every link. */
  within: string | null;
  /** Real paths of the folders on the way, by which a loop of links is found. */
  above: readonly string[];
}

/** A file that a walk found, not read yet. */
interface FoundFile extends Named {
  size: number;
  executable: boolean;
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way));
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    throw new UserError(`${folder}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
}

/** All regular files of a folder, links followed, in the order of their names. Other kinds of files are left out. */
async function filesOf({ path, guest }: Named, walk: Walk): Promise<FoundFile[]> {
  const facts = await stat(path).catch(() => null);
  const real = facts && (await realpath(path));
  if (!facts || real === null || (walk.within !== null && !isInside(real, walk.within))) return [];
  if (facts.isFile()) return [{ path, guest, size: facts.size, executable: (facts.mode & 0o111) !== 0 }];
  if (!facts.isDirectory() || walk.above.includes(real)) return [];
  const found: FoundFile[] = [];
  for (const name of (await namesIn(path)).toSorted()) {
    found.push(...(await filesOf({ path: join(path, name), guest: `${guest}/${name}` }, { ...walk, above: [...walk.above, real] })));
    if (found.length > MAX_FILES)
      throw new UserError(`${path}: more than ${MAX_FILES} files; name the folders in it that the program needs`);
  }
  return found;
}

async function read(files: readonly FoundFile[]): Promise<PackedFile[]> {
  const packed: PackedFile[] = [];
  for (const { path, guest, executable } of files) packed.push({ path: guest, bytes: await readUserFile(path, PACKED_FILE), executable });
  return packed;
}

/** The facts of a file or folder; null if there is none. */
async function factsOf(path: string, text: string): Promise<Stats | null> {
  return stat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ELOOP') throw new UserError(`--with ${text}: a link that leads to itself; name a file or folder`);
    return null;
  });
}

/** Reads the guest path of `--with`. */
function guestPathIn(guest: string, text: string, directory: string): string {
  if (guest === '') throw new UserError(`--with ${text}: there is no guest path after the colon; ${EXPECTED}`);
  if (guest.split('/').includes('..'))
    throw new UserError(
      `--with ${text}: the guest path has ".."; expected an absolute path, or one below the working folder, without ".."`,
    );
  const path = typedGuestPath(guest, `/${guestFolderOf(directory)}`);
  if (!isFreeInGuest(`/${path}`)) throw new UserError(`--with ${text}: /${path} is taken in the guest; choose another path there`);
  return path;
}

interface NamedOnce extends Named {
  facts: Stats;
}

/** Reads `PATH` or `PATH:GUESTPATH`. A colon that is part of an existing name is no separator. */
async function namedBy(text: string, directory: string): Promise<NamedOnce> {
  if (text === '') throw new UserError(`--with "": there is no path; ${EXPECTED}`);
  const whole = resolve(directory, text);
  const facts = await factsOf(whole, text);
  const at = text.lastIndexOf(':');
  if (at > 0 && !facts) {
    const path = resolve(directory, text.slice(0, at));
    const before = await factsOf(path, text);
    if (!before) throw new UserError(`--with ${text}: no such file or folder: ${text.slice(0, at)}`);
    return { path, guest: guestPathIn(text.slice(at + 1), text, directory), facts: before };
  }
  if (!facts) throw new UserError(`--with ${text}: no such file or folder`);
  const isRelative = !isAbsolute(text) && isInside(whole, directory);
  return { path: whole, guest: isRelative ? `${guestFolderOf(directory)}/${relative(directory, whole)}` : guestPathOf(whole), facts };
}

/** Folders that the kernel fills: their files are no content, and some cannot be read. Folders in /dev, such as /dev/shm, can have files. */
function isVirtual(folder: string): boolean {
  return folder === '/dev' || ['/proc', '/sys'].some((each) => isInside(folder, each));
}

/**
 * The files that one `--with` names: a file, or a folder with everything in it, links followed.
 * @param text `PATH` or `PATH:GUESTPATH`; without a guest path, the file has the same path in the guest
 * @throws UserError if there is no such file, if it cannot be read, or if it is a pipe, a device or a folder of the kernel such as /proc
 */
export async function namedFiles(text: string, directory: string): Promise<PackedFile[]> {
  const { path, guest, facts } = await namedBy(text, directory);
  if (!facts.isDirectory()) await checkUserFile(path, { ...PACKED_FILE, shown: `--with ${text}` });
  if (facts.isDirectory() && isVirtual(await realpath(path)))
    throw new UserError(`--with ${text}: a folder of the kernel (/proc, /sys, /dev), which cannot be packed; name single files in it`);
  if (!facts.isDirectory() && guest.endsWith('/'))
    throw new UserError(`--with ${text}: the guest path ends in "/", but ${path} is a file; type ${text}${basename(path)}`);
  return read(await filesOf({ path, guest: guest.replace(/\/$/, '') }, { within: null, above: [] }));
}

/**
 * The files of `testdata/` in the working folder, which Go tests read; none behind a link that leaves the folder, because nobody named them.
 * @param note gets a message if the folder is too large to be packed by itself
 */
export async function testdataFiles(directory: string, note: (text: string) => void): Promise<PackedFile[]> {
  const path = join(directory, 'testdata');
  const real = await realpath(path).catch(() => null);
  if (real === null || !isInside(real, await realpath(directory))) return [];
  const files = await filesOf({ path, guest: `${guestFolderOf(directory)}/${basename(path)}` }, { within: real, above: [] });
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size <= MAX_TESTDATA) return read(files);
  note(`testdata/ has ${(size / 2 ** 20).toFixed(1)} MiB, so the guest does not get it; "--with testdata" packs it`);
  return [];
}
