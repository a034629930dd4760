// Opens files that a user names. A pipe, a device or a folder in place of a file is refused at once, and so is a file over a limit.
import type { Stats } from 'node:fs';
import { constants, type FileHandle, open, stat } from 'node:fs/promises';
import { messageOf, UserError } from './errors.ts';
import { errorCode } from './files.ts';

type Unfit = 'folder' | 'pipe' | 'device' | 'socket' | 'size' | 'name';

/** A file that is not what was expected. */
class UnfitFile extends UserError {
  /** The message without the name of the file. */
  readonly reason: string;
  readonly unfit: Unfit;

  constructor(path: string, unfit: Unfit, reason: string) {
    super(`${path}: ${reason}`);
    this.unfit = unfit;
    this.reason = reason;
  }
}

/** What a file may be. */
export interface FileLimit {
  /** What the file should be, for errors: `a lock file`. */
  kind: string;
  maxBytes: number;
}

/** How errors speak of a file. */
interface FileWords {
  /** Its name in errors (default: the path). */
  shown?: string;
  /** For a missing file, what to do (default: `no such file`). */
  missing?: string;
  /** For a folder, what to name instead. */
  folder?: string;
}

const TYPES = [
  ['folder', 'a folder', (facts: Stats) => facts.isDirectory()],
  ['pipe', 'a named pipe', (facts: Stats) => facts.isFIFO()],
  ['socket', 'a socket', (facts: Stats) => facts.isSocket()],
  ['device', 'a device', (facts: Stats) => !facts.isFile()],
] as const satisfies readonly (readonly [Unfit, string, (facts: Stats) => boolean])[];

/** System errors that the name of a file causes, or its permissions. All others are trouble of the machine. */
const ABOUT_FILE: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ELOOP',
  'ENAMETOOLONG',
  'EIO',
  'EINVAL',
  'EAGAIN',
]);

function checkFacts(path: string, facts: Stats, { kind, maxBytes }: FileLimit): void {
  for (const [unfit, name, is] of TYPES) if (is(facts)) throw new UnfitFile(path, unfit, `is ${name}; expected ${kind}`);
  if (facts.size > maxBytes) throw tooLarge(path, facts.size, { kind, maxBytes });
}

function tooLarge(path: string, bytes: number, { kind, maxBytes }: FileLimit): UnfitFile {
  return new UnfitFile(path, 'size', `${bytes} bytes is too large for ${kind} (at most ${maxBytes})`);
}

/**
 * Opens a regular file for reading. It never waits: another file is refused before it is opened, and again when it is open.
 * @throws UnfitFile; a system error if it cannot be opened
 */
export async function openRegular(path: string, limit: FileLimit): Promise<{ handle: FileHandle; facts: Stats }> {
  if (path.includes('\0')) throw new UnfitFile(path, 'name', `has a NUL byte in its name; expected ${limit.kind}`);
  checkFacts(path, await stat(path), limit);
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const facts = await handle.stat();
    checkFacts(path, facts, limit);
    return { handle, facts };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads to the end, or to the first byte over the limit. Files of the kernel, such as those in /proc, have more bytes than they say. */
async function readToEnd(handle: FileHandle, size: number, path: string, limit: FileLimit): Promise<Buffer> {
  let bytes = Buffer.allocUnsafe(size + 1);
  let done = 0;
  for (;;) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done);
    if (bytesRead === 0) return bytes.subarray(0, done);
    done += bytesRead;
    if (done > limit.maxBytes) throw tooLarge(path, done, limit);
    if (done === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(bytes.length)]);
  }
}

/** The content of a regular file and its facts, as `openRegular` opens it. */
export async function readRegular(path: string, limit: FileLimit): Promise<{ bytes: Buffer; facts: Stats }> {
  const { handle, facts } = await openRegular(path, limit);
  try {
    return { bytes: await readToEnd(handle, facts.size, path, limit), facts };
  } finally {
    await handle.close();
  }
}

/** Why a file cannot be used, without its name; the message of any other error. */
export function reasonOf(error: unknown): string {
  return error instanceof UnfitFile ? error.reason : messageOf(error);
}

/** The error for the user, or trouble of the machine unchanged. */
function userErrorOf(error: unknown, path: string, { shown = path, missing = 'no such file', folder }: FileWords): unknown {
  const code = errorCode(error) ?? '';
  if (error instanceof UnfitFile) {
    const reason = error.unfit === 'folder' && folder !== undefined ? folder : error.reason;
    return new UserError(`${shown}: ${reason}`, { cause: error });
  }
  if (code === 'ENOENT') return new UserError(`${shown}: ${missing}`, { cause: error });
  return ABOUT_FILE.has(code) ? new UserError(`${shown}: cannot be read: ${messageOf(error)}`, { cause: error }) : error;
}

/**
 * Reads a file that the user names.
 * @throws UserError in one line if it is missing, not a regular file, too large or unreadable
 */
export async function readUserFile(path: string, { kind, maxBytes, ...words }: FileLimit & FileWords): Promise<Buffer> {
  try {
    return (await readRegular(path, { kind, maxBytes })).bytes;
  } catch (error) {
    throw userErrorOf(error, path, words);
  }
}

/**
 * Reads a file that the user names and that may be missing: then it gives null.
 * @throws UserError as `readUserFile`
 */
export async function readUserFileIfAny(path: string, options: FileLimit & FileWords): Promise<Buffer | null> {
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'ENOENT',
  );
  return isThere ? readUserFile(path, options) : null;
}

/**
 * Checks a file that the user names and that is read later, in parts. Returns its size in bytes.
 * @throws UserError as `readUserFile`
 */
export async function checkUserFile(path: string, { kind, maxBytes, ...words }: FileLimit & FileWords): Promise<{ size: number }> {
  try {
    const { handle, facts } = await openRegular(path, { kind, maxBytes });
    await handle.close();
    return { size: facts.size };
  } catch (error) {
    throw userErrorOf(error, path, words);
  }
}
