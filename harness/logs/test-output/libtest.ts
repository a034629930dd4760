// Reads the output of Rust tests (libtest, as `cargo test` runs them).
import { linesOf, reasonOf, Rows, type TestRow } from './rows.ts';

const STATUS = { ok: 'pass', FAILED: 'fail', ignored: 'skip' } as const;
const PANICKED = /^thread '.*?'(?: \(\d+\))? panicked at (.+)$/;

/** The reason in the captured output of a test: the panic with its message, or the error that the test returned. */
function reasonIn(lines: readonly string[]): string | null {
  const at = lines.findIndex((line) => PANICKED.test(line));
  if (at < 0) return reasonOf(lines.find((line) => line.startsWith('Error: ')));
  const place = PANICKED.exec(lines[at] ?? '')?.[1] ?? '';
  // Before Rust 1.73, the message was on the same line, before the place.
  const [, message, where] = /^'(.*)', (\S+:\d+:\d+)$/.exec(place) ?? [];
  if (message !== undefined && where !== undefined) return reasonOf(`${where}: ${message}`);
  const after = lines.slice(at + 1, at + 8);
  const end = after.findIndex((line) => line === '' || /^(?:note: run with|stack backtrace:)/.test(line));
  return reasonOf(`${place} ${after.slice(0, end < 0 ? after.length : end).join(' ')}`);
}

/** The captured output of each failed test. */
function outputs(lines: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let own: string[] | null = null;
  for (const line of lines) {
    const name = /^---- (.+) (?:stdout|stderr) ----$/.exec(line)?.[1];
    if (name !== undefined) {
      own = found.get(name) ?? [];
      found.set(name, own);
    } else if (line === 'failures:') {
      own = null;
    } else {
      own?.push(line);
    }
  }
  return found;
}

/**
 * Reads what libtest prints: a line for each test, then the output of the failed ones.
 * @see library/test/src/formatters/pretty.rs in Rust
 */
export function readLibtest(stdout: string, stderr: string): TestRow[] {
  const lines = linesOf(stdout);
  const said = outputs(lines);
  const rows = new Rows();
  for (const line of lines) {
    const [, name, verdict] = /^test (.+?)(?: - should panic)? \.\.\. ?(.*)$/.exec(line) ?? [];
    if (name === undefined || verdict === undefined) continue;
    const [, word, why] = /^(ok|FAILED|ignored)\b(?:, (.*?))?(?: <[\d.]+s>)?$/.exec(verdict) ?? [];
    if (word === 'ok' || word === 'FAILED' || word === 'ignored') {
      const reason = word === 'FAILED' ? reasonIn(said.get(name) ?? []) : null;
      rows.end(name, STATUS[word], word === 'ok' ? null : (reason ?? reasonOf(why)));
    } else {
      rows.start(name);
    }
  }
  return rows.all(reasonIn(linesOf(stderr)));
}
