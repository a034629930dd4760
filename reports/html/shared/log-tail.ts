// The end of a verifier log, where the failure is.
import { plural } from '../../../harness/base/text.ts';

/** Number of lines of a verifier log that are shown without opening it. */
const TAIL_LINES = 8;

/** The part of a long line that is shown, in characters. */
const LINE_LENGTH = 1000;

/** The last lines of a log, after a line with the number of lines before them. */
export function logTail(lines: readonly string[]): string {
  const omitted = Math.max(0, lines.length - TAIL_LINES);
  const head = omitted > 0 ? `… ${plural(omitted, 'line')} omitted\n` : '';
  return `${head}${lines
    .slice(-TAIL_LINES)
    .map((line) => line.slice(0, LINE_LENGTH))
    .join('\n')}`;
}
