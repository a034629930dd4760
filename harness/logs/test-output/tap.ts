// Reads the Test Anything Protocol, versions 12 to 14.
import { linesOf, reasonOf, Rows, type TestRow } from './rows.ts';

const MAX_PLANNED = 10_000;

interface Result {
  name: string;
  ok: boolean;
  directive: 'skip' | 'todo' | null;
  why: string;
}

/** @see https://testanything.org/tap-version-14-specification.html */
function resultOf(line: string, number: number): Result | null {
  const [, word, given, rest = ''] = /^(ok|not ok)\b ?(\d+)?(.*)$/.exec(line) ?? [];
  if (word === undefined) return null;
  const [, described = '', directive, why = ''] = /^(.*?)(?:(?<!\\)#\s*(skip|todo)\S*\s*(.*))?$/i.exec(rest) ?? [];
  const name = described
    .replace(/^\s*(?:-\s)?\s*/, '')
    .replaceAll(/\\([#\\])/g, '$1')
    .trim();
  const kind = directive?.toLowerCase();
  return {
    name: name === '' ? `test ${given ?? number}` : name,
    ok: word === 'ok',
    directive: kind === 'skip' || kind === 'todo' ? kind : null,
    why,
  };
}

/** The reason in the lines below a failed test: the message of its YAML block, else its first comment with text. */
function reasonBelow(lines: readonly string[]): string | null {
  const message = lines.map((line) => /^\s+(?:message|error):\s*['"]?(.*?)['"]?$/.exec(line)?.[1]).find((found) => found);
  if (message !== undefined) return reasonOf(message);
  const comments = lines.map((line) => /^\s*#\s*(.+)$/.exec(line)?.[1] ?? '').filter((text) => text !== '');
  // Test::More begins with the name and the place of the test.
  const own = comments.filter((text) => !/^(?:Failed test|at \S+ line \d+\.?$)/.test(text));
  const place = comments.find((text) => /\bat \S+ line \d+\.$/.test(text));
  return reasonOf(own.length > 0 ? own.slice(0, 2).join(', ') : place);
}

/** The comments about a failed test on standard error, where Test::More writes them. */
function commentsOn(name: string, errors: readonly string[]): string[] {
  const at = errors.indexOf(`#   Failed test '${name}'`);
  const rest = errors.slice(at + 1, at + 20);
  const end = rest.findIndex((line) => /^# {0,2}(?:\s+Failed test |Looks like )/.test(line));
  return at < 0 ? [] : rest.slice(0, end < 0 ? rest.length : end);
}

/**
 * Reads tests at the outermost level. Tests of the plan that did not run failed.
 * @param stderr may have the comments about failed tests
 */
export function readTap(stdout: string, stderr: string): TestRow[] {
  const lines = linesOf(stdout);
  const errors = linesOf(stderr);
  const rows = new Rows();
  let [planned, number] = [0, 0];
  let bail: string | null = null;
  for (const [at, line] of lines.entries()) {
    planned = Math.min(Number(/^1\.\.(\d{1,9})\b/.exec(line)?.[1] ?? planned), MAX_PLANNED);
    bail ??= /^Bail out!\s*(.*)$/.exec(line)?.[1] ?? null;
    const result = resultOf(line, number + 1);
    if (!result) continue;
    number += 1;
    const { name, ok, directive, why } = result;
    if (directive === 'skip' || (directive === 'todo' && !ok)) {
      rows.end(name, 'skip', reasonOf(`${directive}: ${why}`));
      continue;
    }
    const rest = lines.slice(at + 1, at + 60);
    const end = rest.findIndex((next) => /^(?:ok|not ok|1\.\.\d|Bail out!)/.test(next));
    const reason = ok ? null : (reasonBelow(end < 0 ? rest : rest.slice(0, end)) ?? reasonBelow(commentsOn(name, errors)));
    rows.end(name, ok ? 'pass' : 'fail', reason);
  }
  for (let missing = number + 1; missing <= planned; missing++) {
    rows.end(`test ${missing}`, 'fail', bail === null ? 'it is in the plan, but did not run' : reasonOf(`Bail out! ${bail}`));
  }
  return rows.all();
}
