// Cuts a log that is too long. Its beginning and its end stay, because the cause of a failure is at the end.

/** The part of a cut log that is its beginning. */
const BEGINNING = 1 / 4;
/** A log is cut between lines, unless the line at the cut is longer than this, in bytes. */
const LONG_LINE = 4096;
/** Room for the line that names the cut, in bytes. */
const NOTE_BYTES = 160;
const NEWLINE = 0x0a;

/** The line that names a cut, at the beginning of a line. */
const NOTE = /^\[corematrix: (\d+) bytes are left out here, after byte \d+: [^\n]{0,80}\]$/gm;

/** A log that was cut. */
export interface CutLog {
  text: string;
  /** Bytes of the text that are left out. */
  bytes: number;
}

/** Moves a position out of a character of several bytes. */
function outsideCharacter(bytes: Buffer, from: number, step: 1 | -1): number {
  let at = from;
  while (at > 0 && at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += step;
  return at;
}

/** Where the beginning of a cut log ends: behind its last line, if that line is short. */
function endOfBeginning(bytes: Buffer, most: number): number {
  const newline = bytes.lastIndexOf(NEWLINE, most - 1);
  return most > 0 && newline >= most - LONG_LINE && newline >= 0 ? newline + 1 : outsideCharacter(bytes, most, -1);
}

/** Where the end of a cut log starts: at its first line, if the line before is short. */
function startOfEnd(bytes: Buffer, most: number): number {
  const start = bytes.length - most;
  const newline = bytes.indexOf(NEWLINE, start - 1);
  const isNear = newline >= 0 && newline < start + LONG_LINE && newline < bytes.length - 1;
  return isNear ? newline + 1 : outsideCharacter(bytes, start, 1);
}

/**
 * Cuts a log that is longer than `most` bytes.
 * @param most at least the length of the line that names the cut
 * @param limit the limit that the log exceeds, for that line
 */
export function cutLog(text: string, most: number, limit: string): CutLog {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return { text, bytes: 0 };
  const room = Math.max(0, most - NOTE_BYTES);
  const head = Math.floor(room * BEGINNING);
  const [from, to] = [endOfBeginning(bytes, head), startOfEnd(bytes, room - head)];
  const left = bytes.subarray(from, to);
  // A log of an earlier run may have been cut before.
  const earlier = [...left.toString().matchAll(NOTE)];
  const cutNow = earlier.reduce((sum, [note]) => sum - note.length - 1, left.length);
  const cutBefore = earlier.reduce((sum, [, count]) => sum + Number(count), 0);
  const note = `[corematrix: ${cutNow + cutBefore} bytes are left out here, after byte ${from}: ${limit}]\n`;
  const newline = from === 0 || bytes[from - 1] === NEWLINE ? '' : '\n';
  return { text: `${bytes.toString('utf8', 0, from)}${newline}${note}${bytes.toString('utf8', to)}`, bytes: cutNow };
}
