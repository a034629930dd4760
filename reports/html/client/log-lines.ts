// The lines of a log, and the one that names the failure.
import type { LogData, ObjectData } from '../shared/page-data.ts';
import { itemAt } from './page.ts';

/** The lines of a log; none if there is no log. */
export function logLines({ lines, texts }: ObjectData, log: LogData | undefined): string[] {
  return log ? itemAt(texts, log.text).map((line) => itemAt(lines, line)) : [];
}

/** Whether all lines of a log are in a file beside the page. */
export function isLinked(data: ObjectData, log: LogData | undefined): log is LogData & Required<Pick<LogData, 'omitted'>> {
  return log?.omitted !== undefined && logLines(data, log).length === 0;
}

/** Patterns of lines that name a failure: first those of libbpf and the verifier, then those of a kernel. */
const SIGNS = [
  /invalid|not allowed|unknown func|cannot|unbounded|too (?:large|many|complex)|math between|R\d+ |unreachable|failed to resolve|misaligned/i,
  /failed|error|BUG|Oops|panic|WARNING|-E[A-Z]{3,}|rejected|no such/,
];

/** Pattern of the lines of a verifier log that are instructions, source, states or counts. */
const PLAIN = /^(?:processed \d|\d+: \(|; |from \d|R\d+_?w?=|\d+: R)/;

/** The position of the line that names the failure, -1 if no line does. A match of the first pattern wins, then the last match. */
export function failureLine(lines: readonly string[]): number {
  const positions = SIGNS.map((sign) => lines.findLastIndex((line) => !PLAIN.test(line) && sign.test(line)));
  return positions.find((at) => at >= 0) ?? -1;
}
