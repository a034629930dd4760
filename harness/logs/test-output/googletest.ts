// Reads the output of GoogleTest.
import { linesOf, reasonOf, Rows, type TestRow } from './rows.ts';

const MARK = /^\[\s*(RUN|OK|FAILED|SKIPPED)\s*\] (.+?)(?:, where .*?)?(?: \(\d+ ms\))?$/;
const MAX_MESSAGE = 6;

/** The first failure among the lines of a test: its place, and the lines of its message. */
function reasonIn(lines: readonly string[]): string | null {
  const at = lines.findIndex((line) => /^(?:\S+:\d+|unknown file): (?:Failure|Skipped)$/.test(line));
  if (at < 0) return null;
  const place = (lines[at] ?? '').replace(/: (?:Failure|Skipped)$/, '');
  const rest = lines.slice(at + 1, at + 1 + MAX_MESSAGE);
  const end = rest.findIndex((line) => line === '' || / (?:Failure|Skipped)$/.test(line));
  const message = (end < 0 ? rest : rest.slice(0, end)).map((line) => line.trim()).join(' ');
  return reasonOf(`${place}: ${message}`);
}

/** @see PrettyUnitTestResultPrinter in googletest/src/gtest.cc */
export function readGoogleTest(stdout: string): TestRow[] {
  const rows = new Rows();
  let own: string[] = [];
  for (const line of linesOf(stdout)) {
    const [, word, name = ''] = MARK.exec(line) ?? [];
    // The list of failed tests at the end repeats them.
    if (/^\[=+\] .* ran\./.test(line)) break;
    if (word === undefined) own.push(line);
    if (word === 'RUN') {
      rows.start(name);
      own = [];
    }
    if (word === 'OK') rows.end(name, 'pass');
    if (word === 'FAILED') rows.end(name, 'fail', reasonIn(own));
    if (word === 'SKIPPED') rows.end(name, 'skip', reasonIn(own));
  }
  return rows.all();
}
