// Checks that logs of a file are not larger than those of any run. A few lines that a small file repeats could give texts of any size.
import { LOG_LIMITS, sizeText } from '../harness/base/log-limits.ts';
import { logRefs } from '../harness/results/logs.ts';
import type { LogStore, Results } from '../harness/results/schema.ts';
import type { Broken } from './broken-references.ts';

/** Every log keeps its beginning and its end, however many logs its cell has, in bytes. */
const EACH_LOG = 1024;
/** JSON has at most six bytes for a byte of text. */
const MAX_ESCAPE = 6;
/** Merged results have the logs of several runs. */
const RUNS = 4;

/** The bytes of each text, or fewer, by its id. */
function textSizes({ lines, texts }: LogStore): Map<string, number> {
  const sizes = lines.map((line) => Buffer.byteLength(line) + 1);
  const sizeOf = (log: LogStore['texts'][string]) =>
    Array.isArray(log) ? log.reduce((sum, line) => sum + (sizes[line] ?? 0), 0) : log.bytes / MAX_ESCAPE;
  return new Map(Object.entries(texts).map(([id, log]) => [id, sizeOf(log)]));
}

function excess(bytes: number, whose: string, limit: number): string {
  return `${sizeText(bytes)} of text; ${whose} have at most ${sizeText(limit)}`;
}

/** The first text, or cell, with logs beyond the limits of a run; null if all are within them. */
export function logsBeyondLimits({ cells, logs }: Pick<Results, 'cells' | 'logs'>): Broken | null {
  const sizes = textSizes(logs);
  for (const [id, bytes] of sizes) {
    if (bytes > LOG_LIMITS.cell + EACH_LOG)
      return { path: ['logs', 'texts', id], message: excess(bytes, 'the logs of a cell', LOG_LIMITS.cell) };
  }
  let total = 0;
  for (const [at, cell] of cells.entries()) {
    const refs = logRefs(cell);
    const bytes = refs.reduce((sum, { id }) => sum + (sizes.get(id) ?? 0), 0);
    const name = `${cell.object} on ${cell.kernel}`;
    if (bytes > LOG_LIMITS.cell + EACH_LOG * refs.length)
      return { path: ['cells', at, 'logs'], message: `${name}: ${excess(bytes, 'the logs of a cell', LOG_LIMITS.cell)}` };
    total += bytes;
  }
  const limit = RUNS * LOG_LIMITS.run + cells.length * LOG_LIMITS.afterRun;
  return total > limit ? { path: ['logs'], message: excess(total, 'merged results', limit) } : null;
}
