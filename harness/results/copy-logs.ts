// Copies the logs of a finished cell to the logs of its run, and cuts them where they exceed a limit.
import { LOG_LIMITS, type LogLimits, sizeText } from '../base/log-limits.ts';
import { cutLog } from './cut-log.ts';
import { addLog, logRefs, logText, withLogIds } from './logs.ts';
import type { CellResult, LogStore } from './schema.ts';

/** Every log keeps this much in bytes, however many logs its cell has. */
const LEAST_LOG = 512;

/** The room for the logs of a run. It shrinks with every cell. */
export interface LogRoom {
  readonly limits: LogLimits;
  /** Bytes that are free. */
  free: number;
}

/** The room of a run that has no logs yet. */
export function logRoom(limits: LogLimits = LOG_LIMITS): LogRoom {
  return { limits, free: limits.run };
}

/** The most bytes that a log may have if all together must not exceed a limit. Short logs stay whole, and long ones share the rest. */
function shareOf(sizes: readonly number[], limit: number): number {
  let rest = limit;
  for (const [at, size] of sizes.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(rest / (sizes.length - at));
    if (size > share) return Math.max(share, LEAST_LOG);
    rest -= size;
  }
  return Infinity;
}

type LogsCut = NonNullable<CellResult['logsCut']>;

/** The limit of the next cell, and its text in logs that are cut. */
function limitOf({ limits, free }: LogRoom): { limit: LogsCut['limit']; bytes: number; text: string } {
  if (free >= limits.cell) return { limit: 'cell', bytes: limits.cell, text: `the logs of a cell have at most ${sizeText(limits.cell)}` };
  return { limit: 'run', bytes: Math.max(free, limits.afterRun), text: `the logs of a run have at most ${sizeText(limits.run)}` };
}

/** Adds what was cut now to what was cut in an earlier run. The logs that were cut then were the longest, so they are cut again. */
function cutTogether(before: LogsCut | undefined, now: LogsCut): LogsCut {
  if (before === undefined) return now;
  const limit = before.limit === 'run' ? before.limit : now.limit;
  return { logs: Math.max(before.logs, now.logs), bytes: before.bytes + now.bytes, limit };
}

/**
 * Copies the logs of a cell to the logs of a run, as far as the limits allow. A log that is too long keeps its beginning and its end.
 * @param from the logs of the cell
 * @param to the logs of the run
 * @param room takes note of the bytes that were copied
 * @returns the cell with the ids of its logs in `to`, and with `logsCut` if a log was cut
 */
export function copyWithinLimits(cell: CellResult, from: LogStore, to: LogStore, room: LogRoom): CellResult {
  const refs = logRefs(cell);
  const sizes = new Map(refs.map(({ id }) => [id, Buffer.byteLength(logText(from, id))]));
  const sizeOf = (id: string) => sizes.get(id) ?? 0;
  const { limit, bytes: most, text: why } = limitOf(room);
  const share = shareOf(
    refs.map(({ id }) => sizeOf(id)),
    most,
  );
  const now = { logs: 0, bytes: 0, limit };
  const copied = withLogIds(cell, (id) => {
    if (id === null) return null;
    const text = logText(from, id);
    const kept = sizeOf(id) > share ? cutLog(text, share, why) : { text, bytes: 0 };
    room.free -= sizeOf(id) - kept.bytes;
    now.logs += Number(kept.bytes > 0);
    now.bytes += kept.bytes;
    return addLog(to, kept.text);
  });
  return now.logs === 0 ? copied : { ...copied, logsCut: cutTogether(cell.logsCut, now) };
}
