// An object's own loader made ready for guests: its command, its files and the libraries it needs in one archive.
import { createHash } from 'node:crypto';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { basename, delimiter, join, resolve } from 'node:path';
import type { CommandSettings } from '../config/loader-settings.ts';
import { UserError } from '../errors.ts';
import { packFiles } from './archive.ts';
import { librariesOf, type PackedFile, readExecutable } from './libraries.ts';

/** Where everything lies in the guest; without a leading slash. */
const FOLDER = 'loader';
const LIBRARIES = `${FOLDER}/lib`;
/** What fits a mailbox beside the object and what the guest answers. */
const MAX_ARCHIVE = 40 << 20;
const DEFAULT_TIMEOUT = 60;

/** What a guest is asked to run instead of loading the object itself. */
export interface OwnLoader {
  tar: Buffer;
  sha256: string;
  folder: string;
  argv: string[];
  env: Record<string, string>;
  timeoutMs: number;
}

export interface OwnLoaderRequest {
  settings: CommandSettings;
  /** The BPF object: its name and bytes. */
  object: { file: string; bytes: Uint8Array };
  /** What relative names are relative to. */
  directory: string;
  /** Where a part of the settings stands. */
  placeOf: (path: readonly PropertyKey[]) => string;
}

/** A name with a slash is a path; one without is looked for as a shell would. */
async function findProgram(name: string, directory: string): Promise<string | null> {
  if (name.includes('/')) return resolve(directory, name);
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const file of folders.map((folder) => join(folder, name))) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return null;
}

async function packedFile(from: string, path: string, shown: string): Promise<PackedFile> {
  const facts = await stat(from).catch(() => null);
  if (!facts) throw new UserError(`${shown}: no such file`);
  if (!facts.isFile()) throw new UserError(`${shown}: not a regular file; name each file of a folder`);
  return { path, bytes: await readFile(from), executable: (facts.mode & 0o111) !== 0 };
}

/** The executable with what it needs to run. */
async function programFiles({ settings, directory, placeOf }: OwnLoaderRequest, name: string): Promise<PackedFile[]> {
  const shown = `${placeOf(['command', 'argv', 0])}: ${name}`;
  const file = await findProgram(name, directory);
  if (file === null) throw new UserError(`${shown}: no such program in PATH; a path such as ./${name} names one beside this file`);
  const { bytes, elf } = await readExecutable(file, shown);
  const mode = (await stat(file)).mode;
  if ((mode & 0o111) === 0) throw new UserError(`${shown}: not executable; "chmod +x" makes it so`);
  const extra = (settings.env?.['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const folders = extra.map((folder) => resolve(directory, folder));
  return [{ path: `${FOLDER}/${basename(file)}`, bytes, executable: true }, ...(await librariesOf(file, elf, LIBRARIES, folders, shown))];
}

function checkDistinct(files: readonly PackedFile[], place: string): void {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) throw new UserError(`${place}: two files would be /${path} in the guest; give one another name with "to:"`);
    paths.add(path);
  }
}

/**
 * Packs an object's own loader.
 * @throws UserError naming the place in the configuration and what is missing or wrong
 */
export async function packOwnLoader(request: OwnLoaderRequest): Promise<OwnLoader> {
  const { settings, object, directory, placeOf } = request;
  const [name = '', ...args] = settings.argv;
  const objectPath = `${FOLDER}/${basename(object.file)}`;
  const program = await programFiles(request, name);
  const copied = await Promise.all(
    (settings.files ?? []).map(async (entry, index) => {
      const { path, to = basename(path) } = typeof entry === 'string' ? { path: entry } : entry;
      return packedFile(resolve(directory, path), `${FOLDER}/${to}`, `${placeOf(['command', 'files', index])}: ${path}`);
    }),
  );
  const files = [...program, { path: objectPath, bytes: object.bytes, executable: false }, ...copied];
  checkDistinct(files, placeOf(['command']));
  const tar = packFiles(files);
  if (tar.length > MAX_ARCHIVE) {
    const largest = files.toSorted((a, b) => b.bytes.length - a.bytes.length).slice(0, 3);
    const list = largest.map(({ path, bytes }) => `/${path} (${(bytes.length / 2 ** 20).toFixed(1)} MiB)`).join(', ');
    throw new UserError(
      `${placeOf(['command'])}: loader and files have ${(tar.length / 2 ** 20).toFixed(1)} MiB, and ${MAX_ARCHIVE / 2 ** 20} MiB fit a guest; the largest: ${list}; "strip" makes executables smaller`,
    );
  }
  const fill = (text: string) => text.replaceAll('{object}', `/${objectPath}`).replaceAll('{folder}', `/${FOLDER}`);
  const given = Object.entries(settings.env ?? {}).filter(([variable]) => variable !== 'LD_LIBRARY_PATH');
  return {
    tar,
    sha256: createHash('sha256').update(tar).digest('hex'),
    folder: settings.folder ?? `/${FOLDER}`,
    argv: [program[0] ? `/${program[0].path}` : name, ...args.map(fill)],
    env: {
      PATH: `/${FOLDER}`,
      HOME: `/${FOLDER}`,
      LIBBPF_LOG_LEVEL: 'debug',
      LD_LIBRARY_PATH: `/${LIBRARIES}`,
      ...Object.fromEntries(given.map(([variable, value]) => [variable, fill(value)])),
    },
    timeoutMs: (settings.timeout ?? DEFAULT_TIMEOUT) * 1000,
  };
}
