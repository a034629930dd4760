// The room for logs in the page. What has none is a link to a file of the report folder.
import { PAGE_LOG_LIMIT } from '../../harness/base/log-limits.ts';

/** What the position of a line takes in the page, in bytes before it is packed. */
const POSITION_BYTES = 8;
/** Logs of cells without failures get this part of the room, so that those of failures have the rest. */
const PART_WITHOUT_FAILURES = 1 / 2;

export interface LogRoom {
  /**
   * Takes room for a log of these lines, if there is enough.
   * @param isNew whether a line is not in the page yet
   * @param isFailure whether the cell of the log needs attention
   */
  take: (lines: readonly string[], isNew: (line: string) => boolean, isFailure: boolean) => boolean;
  /** The number of logs that got no room. */
  refused: () => number;
}

/** The room of a page without logs. */
export function logRoom(): LogRoom {
  let free = PAGE_LOG_LIMIT;
  let refused = 0;
  const take: LogRoom['take'] = (lines, isNew, isFailure) => {
    const least = isFailure ? 0 : PAGE_LOG_LIMIT * PART_WITHOUT_FAILURES;
    const bytes = lines.reduce((sum, line) => sum + POSITION_BYTES + (isNew(line) ? Buffer.byteLength(line) : 0), 0);
    if (free - bytes < least) {
      refused += 1;
      return false;
    }
    free -= bytes;
    return true;
  };
  return { take, refused: () => refused };
}
