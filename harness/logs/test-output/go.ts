// Reads the output of Go tests: the text of `-test.v`, and the JSON lines of `go test -json`.
import { linesOf, reasonOf, Rows, type TestRow } from './rows.ts';

const STATUS = { PASS: 'pass', FAIL: 'fail', SKIP: 'skip' } as const;
/** A line of t.Log, t.Error and t.Fatal: indented, with the place of the call. */
const LOGGED = /^\s+([^\s:]+\.go:\d+): ?(.*)$/;
const PANIC = /^(?:panic|fatal error): (.+)$/;

/** Lines of testify that are no message, and lines of a trace. */
const NO_MESSAGE = /^(?:Error Trace|Test|Messages):|\.go:\d+$/;
const MAX_MORE = 3;

/** The last message of each test. One that begins on the next line, such as that of testify, has up to three lines. */
class Messages {
  readonly #last = new Map<string, { place: string; text: string; more: number }>();

  take(test: string, line: string): void {
    const [, place, text = ''] = LOGGED.exec(line) ?? [];
    if (place !== undefined) {
      this.#last.set(test, { place, text, more: text === '' ? MAX_MORE : 0 });
      return;
    }
    const found = this.#last.get(test);
    const next = /^\s+(?:Error:\s+)?(\S.*)$/.exec(line)?.[1];
    if (!found || found.more === 0 || next === undefined) return;
    if (NO_MESSAGE.test(next)) {
      if (found.text !== '') found.more = 0;
      return;
    }
    found.text = `${found.text} ${next}`;
    found.more -= 1;
  }

  of(test: string): string | null {
    const found = this.#last.get(test);
    return found ? reasonOf(`${found.place}: ${found.text}`) : null;
  }
}

/** A test with a failed subtest fails by that, whatever it logged itself. */
function withSubtests(rows: readonly TestRow[]): TestRow[] {
  return rows.map((row) => {
    if (row.status !== 'fail') return row;
    const below = rows.find(({ name, status, reason }) => status === 'fail' && reason !== null && name.startsWith(`${row.name}/`));
    return below ? { ...row, reason: reasonOf(`${below.name}: ${below.reason ?? ''}`) } : row;
  });
}

/** @see src/testing/testing.go and src/cmd/internal/test2json in Go; a line of `-test.v=test2json` begins with the byte 0x16 */
function readText(lines: readonly string[], panic: string | null): TestRow[] {
  const rows = new Rows();
  const messages = new Messages();
  const ended: { name: string; status: TestRow['status'] }[] = [];
  let current = '';
  for (const raw of lines) {
    const line = raw.replace(/^\u0016/, '');
    const [, word, started] = /^=== (RUN|PAUSE|CONT|NAME)\s+(\S.*)$/.exec(line) ?? [];
    if (word !== undefined && started !== undefined) {
      if (word === 'RUN') rows.start(started);
      if (word !== 'PAUSE') current = started;
      continue;
    }
    const [, status, name] = /^\s*--- (PASS|FAIL|SKIP): (.+) \([\d.]+s\)$/.exec(line) ?? [];
    if ((status === 'PASS' || status === 'FAIL' || status === 'SKIP') && name !== undefined) {
      ended.push({ name, status: STATUS[status] });
      current = name;
    } else {
      messages.take(current, line);
    }
  }
  // Without -v, the messages of a test follow its result.
  for (const { name, status } of ended) rows.end(name, status, status === 'pass' ? null : (messages.of(name) ?? null));
  return withSubtests(rows.all(panic)).map((row) => (row.status === 'fail' && row.reason === null ? { ...row, reason: panic } : row));
}

/** The text of the first panic or fatal error of the runtime; null if there was none. */
function panicIn(lines: readonly string[]): string | null {
  for (const line of lines) {
    const found = PANIC.exec(line);
    if (found) return reasonOf(line);
  }
  return null;
}

/**
 * Reads the text that a Go test prints, with or without `-test.v`; without it, only failed tests have a line.
 * @param stderr has the message of a panic
 */
export function readGoText(stdout: string, stderr: string): TestRow[] {
  const lines = linesOf(stdout);
  return readText(lines, panicIn([...linesOf(stderr), ...lines]));
}

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? { ...value } : null;
  } catch {
    return null;
  }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');

/**
 * Reads the JSON lines that `go test -json` and `go tool test2json` print.
 * @see https://pkg.go.dev/cmd/test2json
 */
export function readGoJson(stdout: string): TestRow[] {
  const rows = new Rows();
  const messages = new Messages();
  const panics: string[] = [];
  for (const line of linesOf(stdout)) {
    const event = parsed(line);
    if (!event) continue;
    const [action, test, output] = [text(event['Action']), text(event['Test']), text(event['Output'])];
    if (action === 'output') {
      panics.push(...linesOf(output).filter((each) => PANIC.test(each)));
      for (const each of linesOf(output)) if (!/^\s*(?:===|---) /.test(each)) messages.take(test, each);
    }
    if (test === '') continue;
    if (action === 'run') rows.start(test);
    if (action === 'pass' || action === 'skip' || action === 'fail')
      rows.end(test, action, action === 'pass' ? null : (messages.of(test) ?? (action === 'fail' ? reasonOf(panics[0]) : null)));
  }
  return withSubtests(rows.all(panics[0] ?? null));
}
