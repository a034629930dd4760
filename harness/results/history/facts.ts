// History facts about the programs of the latest run: since when each fails, how often it is flaky, its trend.
import { matchKernels } from '../compare.ts';
import type { History } from '../schema.ts';
import { HISTORY_LETTERS, NOT_THERE, STANDINGS, STATUSES, type Status } from '../../base/vocabulary.ts';
import { type HistoryLine, wasFlaky, wasRun } from './line.ts';

/** Number of runs in a trend: a month of nightly runs. */
const MAX_TREND = 30;

const STATUS_OF: ReadonlyMap<string, Status> = new Map(STATUSES.map((status) => [HISTORY_LETTERS[status], status]));

/** One program on one kernel in one run. */
interface Point {
  finishedAt: string;
  letter: string;
  status: Status | null;
  mark: string | undefined;
  /** Digests of kernel and object: if both stay the same, the verdict should, too. */
  version: string;
  digests: string;
}

const isSkipped = ({ status }: Point) => status === null || STANDINGS[status] === 'none';

/** Whether it loaded, regardless of expectations; null if unknown. */
function loaded({ status }: Point): boolean | null {
  if (status === 'pass' || status === 'xpass') return true;
  return status === 'fail' || status === 'xfail' ? false : null;
}

/** A line with indexes: the position of each kernel of the latest run, objects and programs by name. */
interface IndexedLine {
  line: HistoryLine;
  places: ReadonlyMap<string, number>;
  objects: ReadonlyMap<string, { sha256: string; marks: string; statuses: ReadonlyMap<string | null, string> }>;
}

function indexed(line: HistoryLine, latest: HistoryLine): IndexedLine {
  const places = new Map(line.kernels.map(({ id }, at) => [id, at]));
  const matched = [...matchKernels(line.kernels, latest.kernels)];
  return {
    line,
    places: new Map(matched.flatMap(([kernel, before]) => (places.has(before) ? [[kernel, places.get(before) ?? 0]] : []))),
    objects: new Map(
      line.objects.map(({ id, sha256, marks, programs }) => [
        id,
        { sha256, marks, statuses: new Map(programs.map(({ name, statuses }) => [name, statuses])) },
      ]),
    ),
  };
}

function pointOf({ line, places, objects }: IndexedLine, object: string, program: string | null, kernel: string): Point {
  const at = places.get(kernel) ?? -1;
  const own = objects.get(object);
  const letter = own?.statuses.get(program)?.[at] ?? NOT_THERE;
  const { version = '', sha256 = null } = line.kernels[at] ?? {};
  const status = STATUS_OF.get(letter) ?? null;
  return { finishedAt: line.finishedAt, letter, status, mark: own?.marks[at], version, digests: `${sha256} ${own?.sha256}` };
}

type Streak = Omit<History['failing'][number], 'object' | 'program' | 'kernel'>;

/** The unbroken row of runs up to the latest with an unexpected status; null if the latest is as expected. */
function streakOf(points: readonly Point[]): Streak | null {
  const judged = points.filter((point) => !isSkipped(point));
  const isBad = ({ status }: Point) => status !== null && STANDINGS[status] === 'bad';
  const lastGood = judged.findLastIndex((point) => !isBad(point));
  const first = judged[lastGood + 1];
  const last = points.at(-1);
  if (!first || !last || !isBad(last)) return null;
  return { since: first.finishedAt, runs: judged.length - lastGood - 1, version: first.version, seenGood: lastGood >= 0 };
}

/** Runs with more than one attempt, or with another verdict than before although kernel and object are the same. */
function flakesOf(points: readonly Point[]): { flaky: number; runs: number } {
  const judged = points.filter((point) => !isSkipped(point) && wasRun(point.mark));
  const flaky = judged.filter((point, at) => {
    const before = judged[at - 1];
    const [was, is] = [before ? loaded(before) : null, loaded(point)];
    return wasFlaky(point.mark) || (before?.digests === point.digests && was !== null && is !== null && was !== is);
  });
  return { flaky: flaky.length, runs: judged.length };
}

/** Lines in the order in which their runs ended, each run once, up to the latest. */
function ordered(lines: readonly HistoryLine[], latest: HistoryLine): HistoryLine[] {
  const earlier = new Map(
    lines.filter(({ run, finishedAt }) => run !== latest.run && finishedAt <= latest.finishedAt).map((line) => [line.run, line]),
  );
  return [...[...earlier.values()].toSorted((a, b) => (a.finishedAt < b.finishedAt ? -1 : Number(a.finishedAt > b.finishedAt))), latest];
}

function courseOf(points: readonly Point[]): string {
  return points
    .slice(-MAX_TREND)
    .map(({ letter }) => letter)
    .join('');
}

/** The number of programs on kernels that were not as expected in a run, with all programs and kernels that it had. */
function unexpectedIn({ objects }: HistoryLine): number {
  const letters = objects.flatMap(({ programs }) => programs.flatMap(({ statuses }) => Array.from(statuses)));
  return letters.filter((letter) => {
    const status = STATUS_OF.get(letter);
    return status !== undefined && STANDINGS[status] === 'bad';
  }).length;
}

/** The facts of a history about the latest run. */
export function historyFacts(lines: readonly HistoryLine[], latest: HistoryLine): History {
  const all = ordered(lines, latest);
  const runs = all.map((line) => indexed(line, latest));
  const history: History = {
    runsKnown: all.length,
    first: all[0]?.finishedAt ?? latest.finishedAt,
    runs: all.slice(-MAX_TREND).map((line) => ({ id: line.run, finishedAt: line.finishedAt, unexpected: unexpectedIn(line) })),
    programs: [],
    failing: [],
    flaky: [],
  };
  for (const { id: object, programs } of latest.objects) {
    for (const { name: program } of programs) {
      const courses = latest.kernels.map(({ id: kernel }) => ({
        kernel,
        points: runs.map((run) => pointOf(run, object, program, kernel)),
      }));
      // The whole object is listed only if it did not load although each of its programs did.
      if (program === null && !courses.some(({ points }) => points.some(({ status }) => status === 'fail'))) continue;
      for (const { kernel, points } of courses) {
        const streak = streakOf(points);
        if (streak) history.failing.push({ object, program, kernel, ...streak });
        const flakes = flakesOf(points);
        if (flakes.flaky > 0) history.flaky.push({ object, program, kernel, ...flakes });
      }
      history.programs.push({ object, program, trends: courses.map(({ points }) => courseOf(points)) });
    }
  }
  return history;
}
