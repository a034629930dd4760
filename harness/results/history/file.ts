// The history on disk: one line for each run, appended whole, bounded in length.
import { appendFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeDirectories, writeFileAtomic } from '../../base/files.ts';
import { InfraError, messageOf, UserError } from '../../base/errors.ts';
import { withLockedFile } from '../../base/ownership.ts';
import { realTarget } from '../../base/real-path.ts';
import { type FileLimit, readUserFileIfAny } from '../../base/user-file.ts';
import { type HistoryLine, parseLine } from './line.ts';

/** More than a year of nightly runs. */
const MAX_LINES = 400;
const MAX_BYTES = 64 << 20;
/** Other programs may have joined several. */
const HISTORY_FILE = { kind: 'a history', maxBytes: 4 * MAX_BYTES } as const satisfies FileLimit;
const LOCK_SECONDS = 20;

export interface HistoryFile {
  lines: HistoryLine[];
  /** Unreadable lines: damaged, cut, or of another version. They stay in the file until they are the oldest. */
  unreadable: number;
}

async function textOf(path: string): Promise<string> {
  return (await readUserFileIfAny(path, HISTORY_FILE))?.toString() ?? '';
}

const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '');

/**
 * Reads a history. A missing file is an empty history.
 * @throws UserError for a file that cannot be read, or that has no line of a history
 */
export async function readHistory(path: string): Promise<HistoryFile> {
  const texts = linesOf(await textOf(path));
  const lines = texts.flatMap((text) => parseLine(text) ?? []);
  if (texts.length > 0 && lines.length === 0)
    throw new UserError(`${path}: not a history: no line describes a run; name another file, or remove this one`);
  return { lines, unreadable: texts.length - lines.length };
}

/** The newest lines, up to the limit. */
function kept(lines: readonly string[]): string[] {
  let bytes = 0;
  return lines
    .slice(-MAX_LINES)
    .toReversed()
    .filter((line) => (bytes += Buffer.byteLength(line) + 1) <= MAX_BYTES)
    .toReversed();
}

/**
 * Appends a run unless the history has it, and drops all but the newest 400 runs. A line that a killed run left unfinished
 * stays a separate line.
 * @throws InfraError if the file cannot be written
 */
export async function appendHistory(path: string, line: HistoryLine): Promise<void> {
  // The file of a link is locked and written, and the link stays.
  const file = (await realTarget(path)) ?? resolve(path);
  try {
    await makeDirectories(dirname(file));
    await withLockedFile(file, LOCK_SECONDS, async () => {
      const text = await textOf(file);
      const lines = linesOf(text);
      if (lines.some((one) => parseLine(one)?.run === line.run)) return;
      const all = kept([...lines, JSON.stringify(line)]);
      if (all.length <= lines.length) await writeFileAtomic(file, all.map((one) => `${one}\n`).join(''));
      else await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${JSON.stringify(line)}\n`);
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new InfraError(`${path}: the history cannot be written: ${messageOf(error)}`, { cause: error });
  }
}
