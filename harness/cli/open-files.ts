// Whether this process may have enough files open.
import { readFileSync } from 'node:fs';

/** Files that a command and one guest need at most, with room to spare. */
const LEAST = 256;

/**
 * Checks the limit of open files. Node.js has raised the soft limit to the hard limit already.
 * @returns one line that says what to do; null if the limit is high enough or unknown
 */
export function openFilesTrouble(): string | null {
  const advice = `corematrix needs at least ${LEAST}: ulimit -n 1024`;
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    if (limit === undefined || Number(limit) >= LEAST) return null;
    return `only ${limit} files may be open at once, and ${advice}`;
  } catch (error) {
    const tooMany = error instanceof Error && 'code' in error && error.code === 'EMFILE';
    return tooMany ? `too many files are open already, and ${advice}` : null;
  }
}
