// Writes single files that a user names. A file of another kind is replaced only with --force; a pipe, a device or a folder never.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InfraError, messageOf, UserError } from './errors.ts';
import { errorCode, isDirectory, writeFileAtomic } from './files.ts';
import { realTarget } from './real-path.ts';
import { checkUserFile, type FileLimit, readUserFile } from './user-file.ts';

/** A file that a command writes. */
export interface OutputFile extends FileLimit {
  /** As the user names it. */
  path: string;
  /** Whether the text of a file shows that it may be replaced: a file of the same kind. Null: any file needs --force. */
  isOurs: ((text: string) => boolean) | null;
  /** Whether --force was given; undefined for a command without that option. */
  force?: boolean | undefined;
}

async function checkReplaced(target: string, { path, kind, maxBytes, isOurs, force }: OutputFile): Promise<void> {
  if (force === true) {
    await checkUserFile(target, { kind, maxBytes: Infinity, shown: path });
    return;
  }
  const text = (await readUserFile(target, { kind, maxBytes, shown: path })).toString();
  const advice = force === undefined ? 'name another file' : '--force replaces it';
  if (isOurs === null) throw new UserError(`${path} exists already; ${advice}`);
  if (!isOurs(text)) throw new UserError(`${path} exists already and is not ${kind}; ${advice}`);
}

/**
 * Checks that a file may be written: it does not exist yet, or it may be replaced. The check follows symbolic links.
 * @returns the file with all links followed
 * @throws UserError in one line for a pipe, a device, a socket, a folder, for a missing folder, and for a file of another kind without --force
 */
export async function checkOutputFile(file: OutputFile): Promise<string> {
  const { path } = file;
  if (path === '') throw new UserError('expected the name of a file to write, found an empty name');
  const target = await realTarget(path);
  if (target === null) throw new UserError(`${path}: its symbolic links lead to no file; name another file`);
  const exists = await stat(target).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR',
  );
  if (exists) await checkReplaced(target, file);
  else if (!(await isDirectory(dirname(target))))
    throw new UserError(`${path} cannot be written: ${dirname(target)} is not a folder; make it, or name another file`);
  return target;
}

/**
 * Writes a file that a user names: readers see the old content or the new, and a link to the file stays.
 * @throws UserError as `checkOutputFile`; InfraError if the disk is full or may not be written
 */
export async function writeOutputFile(file: OutputFile, data: string): Promise<void> {
  const target = await checkOutputFile(file);
  await writeFileAtomic(target, data).catch((error: unknown) => {
    // The advice of the cache does not fit here; its cause is the system's error.
    const cause: unknown = error instanceof InfraError ? (error.cause ?? error) : error;
    throw new InfraError(`${file.path} cannot be written: ${messageOf(cause)}; name another file`, { cause });
  });
}
