// From print callbacks to lines: joins the pieces of one line, and extracts verifier and BTF logs whole.
import type { LogRecord } from '../record.ts';

export type LogLine =
  | { type: 'message'; level: LogRecord['level']; text: string }
  /** `program` is null for libbpf <= 0.6, which names it only afterwards. */
  | { type: 'verifier-log'; program: string | null; text: string }
  | { type: 'btf-log'; text: string };

const PREFIX = 'libbpf: ';

/** Longer lines are cut. libbpf's own text is short; the rest is a name from the object. */
const MAX_LINE = 2048;

const BEGIN_PROGRAM_LOG = /^libbpf: prog '([^']*)': -- BEGIN PROG LOAD LOG --$/;
const BEGIN_DUMP_LOG = 'libbpf: -- BEGIN DUMP LOG ---';
const BEGIN_BTF_LOG = 'libbpf: -- BEGIN BTF LOAD LOG ---';
const END_LOG = /^(?:libbpf: )?-- END (?:PROG LOAD |BTF LOAD )?LOG --$/;
const END_LOG_AT_END = /(?:^|\n)(?:libbpf: )?-- END (?:PROG LOAD |BTF LOAD )?LOG --\n?$/;

/** The opening line of a block names the kind of log that follows. */
function opening(line: string): Exclude<LogLine, { type: 'message' }> | null {
  const program = BEGIN_PROGRAM_LOG.exec(line);
  if (program) return { type: 'verifier-log', program: program[1] ?? '', text: '' };
  if (line === BEGIN_DUMP_LOG) return { type: 'verifier-log', program: null, text: '' };
  if (line === BEGIN_BTF_LOG) return { type: 'btf-log', text: '' };
  return null;
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return text.slice(0, Math.min(end < 0 ? text.length : end, MAX_LINE));
}

/** A block that was printed in one callback ends with its record, even if a source line in it looks like an end. */
function withoutClosing(text: string): string {
  const tail = END_LOG_AT_END.exec(text.slice(-64));
  return tail ? text.slice(0, text.length - tail[0].length) : text.replace(/\n$/, '');
}

/**
 * Lines of a libbpf log. libbpf <= 0.7 printed a line in several callbacks, so pieces are joined up to their newline; a piece that
 * begins a new line ends the line before. Accepts any text; time and memory grow with its length.
 */
export function readLines(records: readonly LogRecord[]): LogLine[] {
  const lines: LogLine[] = [];
  let pending: { level: LogRecord['level']; text: string } | null = null;
  let block: { line: Exclude<LogLine, { type: 'message' }>; parts: string[] } | null = null;

  const flush = () => {
    if (pending?.text.startsWith(PREFIX)) lines.push({ type: 'message', level: pending.level, text: pending.text.slice(PREFIX.length) });
    pending = null;
  };
  const close = () => {
    if (block) lines.push({ ...block.line, text: block.parts.join('').replace(/\n$/, '') });
    block = null;
  };
  const addPiece = (level: LogRecord['level'], piece: string, ends: boolean) => {
    pending = { level: pending?.level ?? level, text: ((pending?.text ?? '') + piece.slice(0, MAX_LINE)).slice(0, MAX_LINE) };
    if (ends) flush();
  };

  for (const { level, text } of records) {
    const first = firstLine(text);
    if (block) {
      if (END_LOG.test(first)) close();
      else block.parts.push(text.startsWith('libbpf: \n') ? text.slice('libbpf: \n'.length) : text);
      continue;
    }
    if (text.startsWith(PREFIX)) flush();
    const open = opening(first);
    if (open) {
      const body = text.slice(first.length + 1);
      if (body === '') block = { line: open, parts: [] };
      else lines.push({ ...open, text: withoutClosing(body) });
      continue;
    }
    for (let start = 0; start < text.length;) {
      const end = text.indexOf('\n', start);
      addPiece(level, text.slice(start, end < 0 ? undefined : end), end >= 0);
      start = end < 0 ? text.length : end + 1;
    }
  }
  close();
  flush();
  return lines;
}

const LEVELS = { '0': 'warn', '1': 'info', '2': 'debug' } as const satisfies Record<string, LogRecord['level']>;

/** The level that marks a line. libbpf's own printer prints no marks, so the level is unknown then. */
function levelOf(line: string): { level: LogRecord['level']; text: string } {
  const mark = /^<([012])>/.exec(line)?.[1];
  if (mark !== '0' && mark !== '1' && mark !== '2') return { level: 'unknown', text: line };
  return { level: LEVELS[mark], text: line.slice(3) };
}

/**
 * Records from a plain log file, one for each line, and one for each BEGIN ... END block. Lines may be marked `<0>`, `<1>` or `<2>`
 * (warn, info, debug) as `libbpf_print_level` counts; the level of an unmarked line is `unknown`.
 */
export function textRecords(text: string): LogRecord[] {
  const records: LogRecord[] = [];
  let block: { level: LogRecord['level']; lines: string[] } | null = null;
  const close = () => {
    if (block) records.push({ level: block.level, text: block.lines.join('') });
    block = null;
  };
  for (const raw of text.split('\n')) {
    const { level, text: line } = levelOf(raw);
    if (block) {
      block.lines.push(`${line}\n`);
      if (END_LOG.test(line)) close();
      continue;
    }
    if (opening(line.slice(0, MAX_LINE))) block = { level, lines: [`${line}\n`] };
    else if (line !== '') records.push({ level, text: `${line}\n` });
  }
  close();
  return records;
}
