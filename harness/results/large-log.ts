// Logs that are too large to keep in memory: each stays in a file as a JSON string, and is read when it is needed.
import { openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomName } from '../base/files.ts';

/** A log whose text is not in the table of lines. */
export interface LargeLog {
  /** The size of its text in bytes, about. */
  readonly bytes: number;
  /** Reads the text. */
  readonly read: () => string;
}

/** A log that is in memory. */
export function logInMemory(text: string): LargeLog {
  return { bytes: text.length, read: () => text };
}

/** Reads bytes of an open file at a position; fewer if the file ends before. */
export function readBytes(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/**
 * A log that is a JSON string in a file.
 * @param file the file, which stays open
 * @param offset the position of the opening quote
 * @param bytes the length with both quotes
 */
export function logInFile(file: number, offset: number, bytes: number): LargeLog {
  const read = () => {
    const text: unknown = JSON.parse(readBytes(file, offset, bytes).toString());
    return typeof text === 'string' ? text : '';
  };
  return { bytes, read };
}

/** Adds a text to a file of large logs. */
export type LogSpool = (text: string) => LargeLog;

/**
 * A file of large logs. It is made with the first log, has no name, and is gone with the process.
 * @param folder where its bytes are
 */
export function logSpool(folder: string): LogSpool {
  let file: number | null = null;
  let end = 0;
  return (text) => {
    if (file === null) {
      const path = join(folder, `.corematrix-logs.tmp-${randomName()}`);
      file = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
    }
    const bytes = Buffer.from(JSON.stringify(text));
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, end + done);
    const log = logInFile(file, end, bytes.length);
    end += bytes.length;
    return log;
  };
}

/** Characters of a piece of a text. Small pieces are cheap garbage, copies of a whole large log are not. */
const PIECE = 1 << 16;

/** A text in pieces that never end within a character. */
export function* piecesOf(text: string): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = Math.min(start + PIECE, text.length);
    const isSplit = end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
    if (isSplit) end += 1;
    yield text.slice(start, end);
  }
}

/** The JSON of a text in pieces. */
export function* jsonPieces(text: string): Generator<string> {
  yield '"';
  for (const piece of piecesOf(text)) yield JSON.stringify(piece).slice(1, -1);
  yield '"';
}
