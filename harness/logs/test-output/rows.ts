// The results of tests as every reader of test output reports them.
import { stripVTControlCharacters } from 'node:util';

/** One test in the output of an executable. */
export interface TestRow {
  /** Unique in its output. */
  name: string;
  status: 'pass' | 'fail' | 'skip';
  /** The line that the test printed about its failure or why it was skipped; null if it printed none. */
  reason: string | null;
}

/** More than any real suite has; what an output has beyond it is not read. */
const MAX_ROWS = 20_000;
const MAX_LINE = 4096;
const MAX_REASON = 400;
const MAX_LINES = 1_000_000;

/** The lines of an output, without escape sequences; a very long line is cut. */
export function linesOf(text: string): string[] {
  return text.split('\n', MAX_LINES).map((line) => stripVTControlCharacters(line.slice(0, MAX_LINE)).trimEnd());
}

/** A reason in one line; null for an empty one. */
export function reasonOf(text: string | null | undefined): string | null {
  const line = (text ?? '').replaceAll(/\s+/g, ' ').trim();
  if (line === '') return null;
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON - 3)}...` : line;
}

/**
 * Collects the rows of one output, in the order in which tests started. A test that started and did not end failed, because the executable
 * ended within it.
 */
export class Rows {
  /** Null for a test that has not ended. */
  readonly #rows = new Map<string, TestRow | null>();

  /** Notes that a test has started. */
  start(name: string): void {
    if (this.#rows.size < MAX_ROWS && !this.#rows.has(name)) this.#rows.set(name, null);
  }

  /** Adds a result. A second one of the same name gets a number. */
  end(name: string, status: TestRow['status'], reason: string | null = null): void {
    if (name === '' || (this.#rows.size >= MAX_ROWS && this.#rows.get(name) !== null)) return;
    let own = name;
    for (let copy = 2; this.#rows.get(own); copy++) own = `${name} (${copy})`;
    this.#rows.set(own, { name: own, status, reason });
  }

  /** @param cause why the executable ended, for tests that it did not finish; null if it printed nothing about it */
  all(cause: string | null = null): TestRow[] {
    const reason = reasonOf(cause) ?? 'the executable ended before this test did';
    return [...this.#rows].map(([name, row]) => row ?? { name, status: 'fail', reason });
  }
}
