// What was cut from the logs of a run, in words.
import { sizeText } from '../../harness/base/log-limits.ts';
import { plural } from '../../harness/base/text.ts';
import type { CellResult, Results } from '../../harness/results/schema.ts';

type LogsCut = NonNullable<CellResult['logsCut']>;

/** What happened to cells at each limit. */
const LIMITS = {
  guest: 'printed more than a guest keeps',
  cell: 'reached the limit of a cell',
  run: 'had no room left in the limit of the run',
} as const satisfies Record<LogsCut['limit'], string>;

/** `logs cut: 3 logs, 52.3 MiB left out; 2 cells reached the limit of a cell`; null if all logs are whole. */
export function logsCutText({ cells }: Pick<Results, 'cells'>): string | null {
  const all = cells.flatMap(({ logsCut }) => logsCut ?? []);
  if (all.length === 0) return null;
  const [logs, bytes] = all.reduce(([l, b], cut) => [l + cut.logs, b + cut.bytes], [0, 0]);
  const limits = Object.entries(LIMITS).flatMap(([name, what]) => {
    const count = all.filter(({ limit }) => limit === name).length;
    return count === 0 ? [] : [`${plural(count, 'cell')} ${what}`];
  });
  return [`logs cut: ${plural(logs, 'log')}, ${sizeText(bytes)} left out`, ...limits].join('; ');
}
