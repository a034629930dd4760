// A command of this machine packed for guests: its executable, the libraries that it needs, and its files.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { configuredPath } from '../../base/configured-path.ts';
import { UserError } from '../../base/errors.ts';
import { readUserFile } from '../../base/user-file.ts';
import type { GuestCommand } from '../../guest/protocol/frames.ts';
import type { Place } from '../settings/place.ts';
import { packFiles } from './archive.ts';
import type { CommandSettings } from './command-schema.ts';
import { findProgram } from './find-program.ts';
import { librariesOf, PACKED_FILE, type PackedFile, readExecutable } from './libraries.ts';

/** The mailbox also holds the object and the response. */
const MAX_ARCHIVE = 40 << 20;
const DEFAULT_TIMEOUT = 60;

export interface CommandRequest {
  settings: CommandSettings;
  /** The folder of its files in the guest, without a leading slash. */
  folder: string;
  /** The folder of this machine to which relative names belong. */
  directory: string;
  /** The value of `{object}`; null if it has none. */
  object: string | null;
  /** The place of the command's settings. */
  place: Place;
}

async function packedFile(from: string, path: string, shown: string): Promise<PackedFile> {
  const bytes = await readUserFile(from, { ...PACKED_FILE, shown, folder: 'is a folder; name each file of a folder' });
  return { path, bytes, executable: ((await stat(from)).mode & 0o111) !== 0 };
}

/** The executable with what it needs to run. */
async function programFiles({ settings, folder, directory, place }: CommandRequest, name: string): Promise<PackedFile[]> {
  const shown = `${place.at('argv', 0).text()}: ${name}`;
  const file = await findProgram(name, directory);
  if (file === null) throw new UserError(`${shown}: no such program in PATH; a path such as ./${name} names one beside this file`);
  const { bytes, elf } = await readExecutable(file, shown);
  const mode = (await stat(file)).mode;
  if ((mode & 0o111) === 0) throw new UserError(`${shown}: not executable; "chmod +x" makes it so`);
  const extra = (settings.env?.['LD_LIBRARY_PATH'] ?? '').split(':').filter((each) => each !== '');
  const folders = extra.map((each) => configuredPath(directory, each));
  const libraries = await librariesOf(file, elf, { folder: `${folder}/lib`, extra: folders, shown });
  return [{ path: `${folder}/${basename(file)}`, bytes, executable: true }, ...libraries];
}

async function copiedFiles({ settings, folder, directory, place }: CommandRequest): Promise<PackedFile[]> {
  return Promise.all(
    (settings.files ?? []).map(async (entry, index) => {
      const { path, to = basename(path) } = typeof entry === 'string' ? { path: entry } : entry;
      return packedFile(configuredPath(directory, path), `${folder}/${to}`, `${place.at('files', index).text()}: ${path}`);
    }),
  );
}

/** Replaces `{folder}` and `{object}` by their paths in the guest. */
function filled(text: string, { folder, object }: CommandRequest, place: Place): string {
  if (object === null && text.includes('{object}')) throw place.problem('{object} has no meaning here; the object is already loaded');
  return text.replaceAll('{object}', object ?? '').replaceAll('{folder}', `/${folder}`);
}

/**
 * A command as the guest runs it, and the files that it needs there.
 * @throws UserError with the place and the problem
 */
export async function guestCommand(request: CommandRequest): Promise<{ command: GuestCommand; files: PackedFile[] }> {
  const { settings, folder, place } = request;
  const [name = '', ...args] = settings.argv;
  const program = await programFiles(request, name);
  const given = Object.entries(settings.env ?? {}).filter(([variable]) => variable !== 'LD_LIBRARY_PATH');
  const command = {
    folder: settings.folder ?? `/${folder}`,
    argv: [program[0] ? `/${program[0].path}` : name, ...args.map((text, index) => filled(text, request, place.at('argv', index + 1)))],
    env: {
      PATH: `/${folder}`,
      HOME: `/${folder}`,
      LD_LIBRARY_PATH: `/${folder}/lib`,
      ...Object.fromEntries(given.map(([variable, value]) => [variable, filled(value, request, place.at('env', variable))])),
    },
    timeoutMs: (settings.timeout ?? DEFAULT_TIMEOUT) * 1000,
  };
  return { command, files: [...program, ...(await copiedFiles(request))] };
}

/**
 * Packs files into the archive that a guest gets.
 * @param place the settings that name them
 * @throws UserError if two files have one path, or if all are too large together
 */
export function guestArchive(files: readonly PackedFile[], place: Place): Buffer {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) throw place.problem(`two files would be /${path} in the guest; give one another name with "to:"`);
    paths.add(path);
  }
  const tar = packFiles(files);
  if (tar.length <= MAX_ARCHIVE) return tar;
  const largest = files.toSorted((a, b) => b.bytes.length - a.bytes.length).slice(0, 3);
  const list = largest.map(({ path, bytes }) => `/${path} (${(bytes.length / 2 ** 20).toFixed(1)} MiB)`).join(', ');
  throw place.problem(
    `the command and its files have ${(tar.length / 2 ** 20).toFixed(1)} MiB; a guest has room for ${MAX_ARCHIVE / 2 ** 20} MiB; the largest: ${list}; "strip" makes executables smaller`,
  );
}
