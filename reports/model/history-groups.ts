// A history in short: every report uses these groups.
import type { History, Results } from '../../harness/results/schema.ts';
import { HISTORY_LETTERS, STANDINGS, STATUSES } from '../../harness/base/vocabulary.ts';
import { grouped, plural } from '../../harness/base/text.ts';

/** Programs with the same past. */
export interface HistoryGroup {
  kind: 'new' | 'failing' | 'flaky';
  /** `since 2026-11-20, 4 runs; then 6.12.111`. */
  what: string;
  /** Programs, `object/program`. */
  programs: string[];
  kernels: string[];
}

type Place = Pick<History['failing'][number], 'object' | 'program' | 'kernel'>;

/** `task_state/old_name`; the whole object is marked as such. */
export function placeName({ object, program }: Pick<Place, 'object' | 'program'>): string {
  return `${object}/${program ?? '(as a whole)'}`;
}

const day = (time: string) => time.slice(0, 10);

/** The time since which something is not as expected: `for the first time`, `since 2026-11-20, 4 runs`. */
export function sinceText({ since, runs, seenGood }: Pick<History['failing'][number], 'since' | 'runs' | 'seenGood'>): string {
  if (!seenGood) return `since ${day(since)} or longer, ${plural(runs, 'run')}`;
  return runs === 1 ? 'for the first time' : `since ${day(since)}, ${plural(runs, 'run')}`;
}

/** `3 of 14 runs (21 %)`. */
export function flakeText({ flaky, runs }: { flaky: number; runs: number }): string {
  return `${flaky} of ${plural(runs, 'run')} (${Math.round((100 * flaky) / runs)} %)`;
}

function groupsOf<Item extends Place>(items: readonly Item[], facts: (item: Item) => Pick<HistoryGroup, 'kind' | 'what'>): HistoryGroup[] {
  return [...grouped(items, (item) => JSON.stringify(facts(item))).values()].flatMap((members) => {
    const [first] = members;
    if (!first) return [];
    const programs = [...new Set(members.map(placeName))];
    return [{ ...facts(first), programs, kernels: [...new Set(members.map(({ kernel }) => kernel))] }];
  });
}

/** Failing programs, the latest first, then flaky ones, the worst first. */
export function historyGroups({ history, kernels }: Results): HistoryGroup[] {
  if (!history || history.runsKnown < 2) return [];
  const versions = new Map(kernels.map(({ id, version }) => [id, version]));
  const failing = groupsOf(
    history.failing.toSorted((a, b) => (a.since > b.since ? -1 : Number(a.since < b.since))),
    (item) => {
      const older = item.runs > 1 && item.version !== versions.get(item.kernel) ? `; ${item.version} then` : '';
      return { kind: item.seenGood && item.runs === 1 ? 'new' : 'failing', what: `${sinceText(item)}${older}` };
    },
  );
  const rate = ({ flaky, runs }: History['flaky'][number]) => flaky / runs;
  const flaky = groupsOf(
    history.flaky.toSorted((a, b) => rate(b) - rate(a)),
    (item) => ({ kind: 'flaky', what: flakeText(item) }),
  );
  return [...failing, ...flaky];
}

const MAX_COUNTS = 10;
const BAD: readonly string[] = STATUSES.filter((status) => STANDINGS[status] === 'bad').map((status) => HISTORY_LETTERS[status]);

/** Number of unexpected programs on kernels in each of the latest runs, this one last. */
function badCounts({ runs, programs }: History): number[] {
  const all = programs.flatMap(({ trends }) => trends);
  // Results of older versions know only the programs of the latest run.
  const counted = (at: number) => all.filter((trend) => BAD.includes(trend[at] ?? '')).length;
  return runs.map(({ unexpected }, at) => unexpected ?? counted(at)).slice(-MAX_COUNTS);
}

/** `14 runs since 2026-11-01; not as expected: 0, 0, 3`; null for the first run. */
export function historySize({ history }: Results): string | null {
  if (!history || history.runsKnown < 2) return null;
  return `${plural(history.runsKnown, 'run')} since ${day(history.first)}; not as expected: ${badCounts(history).join(', ')}`;
}

/** A program on a kernel with an interesting trend. */
export interface HistoryRow extends Place {
  /** One letter for each run, as in the results. */
  trend: string;
  since: string | null;
  flaky: string | null;
}

/** Failing and flaky programs, in the order of the matrix. */
export function historyRows({ history, kernels }: Results): HistoryRow[] {
  if (!history || history.runsKnown < 2) return [];
  const keyOf = ({ object, program, kernel }: Place) => JSON.stringify([object, program, kernel]);
  const failing = new Map(history.failing.map((item) => [keyOf(item), item]));
  const flaky = new Map(history.flaky.map((item) => [keyOf(item), item]));
  return history.programs.flatMap(({ object, program, trends }) =>
    trends.flatMap((trend, at) => {
      const place = { object, program, kernel: kernels[at]?.id ?? '' };
      const [bad, odd] = [failing.get(keyOf(place)), flaky.get(keyOf(place))];
      return bad || odd ? [{ ...place, trend, since: bad ? sinceText(bad) : null, flaky: odd ? flakeText(odd) : null }] : [];
    }),
  );
}
