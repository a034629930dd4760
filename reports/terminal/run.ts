// The end of a run on a terminal: the matrix, unexpected results, and a summary line.
import { loadersText } from '../../harness/results/loaders-used.ts';
import type { Comparison } from '../../harness/results/compare.ts';
import type { Results } from '../../harness/results/schema.ts';
import { kernelNames } from '../../harness/results/kernel-names.ts';
import type { Status } from '../../harness/base/vocabulary.ts';
import { changeCounts, type ChangeGroup, changeGroups, changeWord } from '../model/change-groups.ts';
import { type HistoryGroup, historyGroups, historySize } from '../model/history-groups.ts';
import {
  type Cause,
  causes,
  countStatuses,
  incompleteness,
  matrixRows,
  mispredictions,
  noCell,
  notAttached,
  objectsText,
  reuseText,
} from '../model/summary.ts';
import { plural } from '../../harness/base/text.ts';
import { logsCutText } from '../model/logs-cut.ts';
import { trustGroups } from '../model/kernel-trust.ts';
import { rowsThatFit } from './rows-that-fit.ts';
import { chosenAlternatives } from '../model/chosen-alternatives.ts';
import { shortened, visible } from '../../harness/base/visible.ts';
import { columnsThatFit } from './columns-that-fit.ts';
import { cutTo, firstOf } from './cut.ts';
import { paint, type Style } from './paint.ts';

interface TerminalOptions {
  /** Width of the terminal in columns; infinite without a terminal: then nothing is cut. */
  width: number;
  /** Height of the terminal in lines; infinite without a terminal. If the matrix does not fit, its least interesting rows are omitted. */
  height: number;
  colour: boolean;
  /** Changes since a baseline. */
  comparison?: Comparison | undefined;
}

/** What all parts of the text need. */
interface Shown {
  results: Results;
  options: TerminalOptions;
  /** Names of kernels by their ids. */
  names: ReadonlyMap<string, string>;
}

/** The cells of the matrix: words short enough for a column, so that colour is never needed. */
const MARKS = {
  pass: ['ok', 'green'],
  fail: ['FAIL', 'red'],
  xfail: ['xf', 'yellow'],
  xpass: ['XP', 'magenta'],
  unsupported: ['n/a', 'dim'],
  skip: ['skip', 'dim'],
  infra: ['!inf', 'magenta'],
  'not-run': ['—', 'dim'],
} as const satisfies Record<Status, readonly [string, Style]>;

const COLUMN = 4;
const MAX_COLUMN = 40;
const REASON_LENGTH = 300;
/** Lines of the screen for text before and after the matrix. */
const OTHER_LINES = 20;
const MAX_CAUSES = 12;
const MAX_CHANGES = 10;
const MAX_PAST = 6;
const MAX_KERNELS = 8;

const CHANGE_STYLES = {
  regression: 'red',
  'new-failure': 'red',
  'still-failing': 'yellow',
  'no-verdict': 'magenta',
  fixed: 'green',
  'new-pass': 'green',
  appeared: 'dim',
  disappeared: 'yellow',
  lost: 'red',
  'guard-flipped': 'yellow',
  'value-moved': 'dim',
  found: 'green',
} as const satisfies Record<ChangeGroup['change'], Style>;

const PAST_STYLES = { new: 'red', failing: 'yellow', flaky: 'magenta' } as const satisfies Record<HistoryGroup['kind'], Style>;

/** Column heads: the names of the kernels. */
function heads(results: Results): string[] {
  return [...kernelNames(results.kernels).values()].map((name) => shortened(visible(name), MAX_COLUMN));
}

function mark(status: Status | null, width: number, options: TerminalOptions): string {
  if (status === null) return ' '.repeat(width);
  const [text, style] = MARKS[status];
  return `${' '.repeat(Math.max(0, width - text.length))}${paint(text, style, options)}`;
}

function matrix(results: Results, options: TerminalOptions): string[] {
  const all = matrixRows(results);
  const columns = heads(results).map((head, index) => ({ head, index, width: Math.max(COLUMN, head.length) }));
  const total = columns.reduce((sum, { width }) => sum + width + 1, 0);
  const longest = Math.max(12, ...all.map((row) => visible(row.program).length + 2));
  const first = Math.min(longest, Math.max(12, Math.floor(options.width / 3), options.width - total));
  const parts = columnsThatFit(columns, { room: options.width - first - 1, gap: 1 });
  const { rows, left, unexpected: leftUnexpected } = rowsThatFit(all, Math.floor((options.height - OTHER_LINES) / parts.length));
  const more =
    left === 0
      ? []
      : [
          `and ${plural(left, 'more program')} in the report, ${leftUnexpected === 0 ? 'nothing unexpected among them' : `${leftUnexpected} of them unexpected`}`,
        ];
  const shown = parts.flatMap((band, number) => {
    const lines = [`${' '.repeat(first)} ${band.map(({ head, width }) => head.padStart(width)).join(' ')}`];
    if (number > 0) lines.unshift('');
    let object: string | null = null;
    for (const row of rows) {
      if (row.object !== object) lines.push(paint(shortened(visible(row.object), options.width), 'bold', options));
      object = row.object;
      const name = shortened(`  ${visible(row.program)}`, first).padEnd(first);
      const marks = band.map(({ index, width }) => mark(row.cells[index]?.program.status ?? null, width, options));
      lines.push(`${name} ${marks.join(' ')}`.trimEnd());
    }
    return lines;
  });
  return [...shown, ...more];
}

/** Programs and kernels on one line. */
function places(programs: readonly string[], kernels: readonly string[], { options, names }: Shown): string {
  const shown = firstOf(kernels, MAX_KERNELS, options).map((kernel) => names.get(kernel) ?? kernel);
  const more = kernels.length > shown.length ? ` and ${kernels.length - shown.length} more` : '';
  return `     ${shortened(visible(`${programs.join(', ')} on ${shown.join(', ')}${more}`), options.width - 5)}`;
}

function place(cause: Pick<Cause, 'where'>, shown: Shown): string {
  const programs = new Set(cause.where.map(({ object, program }) => `${object}/${program}`));
  return places([...programs], [...new Set(cause.where.map(({ kernel }) => kernel))], shown);
}

function unexpected({ results, options, ...rest }: Shown): string[] {
  const all = causes(results);
  const shown = firstOf(all, MAX_CAUSES, options).flatMap((cause) => {
    const [, style] = MARKS[cause.status];
    const title = `${paint(cause.status, style, options)}${cause.class === null ? '' : ` ${cause.class}`}: ${cutTo(visible(cause.reason), REASON_LENGTH, options)}`;
    const fingerprint = cause.fingerprint === null ? '' : ` [${cause.fingerprint}]`;
    return [`${title}${fingerprint}`, place(cause, { results, options, ...rest })];
  });
  const more =
    all.length > MAX_CAUSES && Number.isFinite(options.width) ? [`and ${plural(all.length - MAX_CAUSES, 'more cause')} in the report`] : [];
  return all.length === 0 ? [] : ['', ...shown, ...more];
}

/** Wrong predictions: the engine has a fault, or the kernel differs from its BTF. */
function contradicted({ results, options, ...rest }: Shown): string[] {
  const all = mispredictions(results);
  const shown = firstOf(all, MAX_CAUSES, options).flatMap((each) => {
    return [`${paint('≠', 'magenta', options)} ${each.what}`, place(each, { results, options, ...rest })];
  });
  const more =
    all.length > MAX_CAUSES && Number.isFinite(options.width)
      ? [`and ${plural(all.length - MAX_CAUSES, 'more contradiction')} in the report`]
      : [];
  return all.length === 0 ? [] : ['', ...shown, ...more];
}

/** Programs that loaded but have no target to attach to. */
function loadedOnly(results: Results, options: TerminalOptions): string[] {
  const lines = notAttached(results).map(({ object, programs }) =>
    shortened(
      visible(`loaded, but not attached, because neither section nor attach_to names a target: ${object}: ${programs.join(', ')}`),
      options.width,
    ),
  );
  return lines.length === 0 ? [] : ['', ...lines];
}

/** The chosen alternative of each group, by kernel. */
function alternatives(results: Results, options: TerminalOptions): string[] {
  const names = heads(results);
  const lines = chosenAlternatives(results).map(({ object, name, kernels }) => {
    const where = kernels.length === results.kernels.length ? 'everywhere' : `on ${kernels.map((at) => names[at] ?? '').join(', ')}`;
    return `     ${shortened(visible(`${object}: ${name} ${where}`), options.width - 5)}`;
  });
  return lines.length === 0 ? [] : ['', 'chosen alternatives', ...lines];
}

/** Changes since the baseline, without unchanged passes. */
function changes(comparison: Comparison, shownIn: Shown): string[] {
  const { options } = shownIn;
  const all = changeGroups(comparison);
  const shown = firstOf(all, MAX_CHANGES, options).flatMap(({ change, what, programs, kernels }) => {
    const title = `${paint(changeWord(change), CHANGE_STYLES[change], options)}${what === '' ? '' : `: ${cutTo(visible(what), REASON_LENGTH, options)}`}`;
    return [title, places(programs, kernels, shownIn)];
  });
  const more =
    all.length > MAX_CHANGES && Number.isFinite(options.width)
      ? [`and ${plural(all.length - MAX_CHANGES, 'more change')} in the report`]
      : [];
  return ['', `since ${comparison.baseline.slice(0, 16).replace('T', ' ')} UTC: ${changeCounts(comparison)}`, ...shown, ...more];
}

/** Failing programs with the time since which they fail, and flaky ones. */
function past({ results, options, ...rest }: Shown): string[] {
  const size = historySize(results);
  if (size === null) return [];
  const all = historyGroups(results);
  const shown = firstOf(all, MAX_PAST, options).flatMap(({ kind, what, programs, kernels }) => {
    const title = `${paint(kind === 'flaky' ? 'flaky' : 'fails', PAST_STYLES[kind], options)} ${visible(what)}`;
    return [title, places(programs, kernels, { results, options, ...rest })];
  });
  const more =
    all.length > MAX_PAST && Number.isFinite(options.width) ? [`and ${plural(all.length - MAX_PAST, 'more group')} in the report`] : [];
  return ['', `history of ${size}${all.length === 0 ? '; nothing was flaky' : ''}`, ...shown, ...more];
}

/** Who vouches for the kernels, one line for each. */
function trust(results: Results, options: TerminalOptions): string[] {
  return trustGroups(results).map(({ text, kind, kernels }) => {
    const line = shortened(visible(`${kernels.join(', ')}: ${text}`), REASON_LENGTH);
    return paint(line, kind === 'accepted' ? 'red' : 'dim', options);
  });
}

/** What was cut from logs, on one line. */
function cutLogs(results: Results, options: TerminalOptions): string[] {
  const text = logsCutText(results);
  return text === null ? [] : [paint(text, 'yellow', options)];
}

/** The whole text, ending in a newline. Control sequences in untrusted text are escaped. */
export function terminalReport(results: Results, options: TerminalOptions): string {
  const counts = [...countStatuses(results)].map(([status, count]) => paint(`${count} ${status}`, MARKS[status][1], options));
  const seconds = (Date.parse(results.run.finishedAt) - Date.parse(results.run.startedAt)) / 1000;
  // The clock of a machine may be set back during a run.
  const duration = seconds < 0 ? '' : `${seconds.toFixed(1)} s`;
  const reused = reuseText(results);
  const size = `${plural(results.kernels.length, 'kernel')}, ${objectsText(results.objects)}${reused === null ? '' : `, ${reused}`}`;
  const part = incompleteness(results);
  const state = part === null ? '' : `${part}: `;
  const facts = [size, duration, results.run.host.accel, visible(loadersText(results))].filter((fact) => fact !== '').join(', ');
  const total = `${state}${counts.join(', ') || noCell(results)} (${facts})`;
  const shown: Shown = { results, options, names: kernelNames(results.kernels) };
  const changed = options.comparison ? changes(options.comparison, shown) : [];
  return `${[...changed, ...past(shown), '', ...matrix(results, options), ...alternatives(results, options), ...unexpected(shown), ...contradicted(shown), ...loadedOnly(results, options), '', ...trust(results, options), ...cutLogs(results, options), total].join('\n')}\n`;
}
