// summary.md: the run on one page, within the limits of a GitHub job summary.
import { loadersText } from '../harness/results/loaders-used.ts';
import type { Comparison } from '../harness/results/compare.ts';
import type { Results } from '../harness/results/schema.ts';
import type { Status } from '../harness/base/vocabulary.ts';
import { changeCounts, changeGroups, changeWord } from './model/change-groups.ts';
import { historyGroups, historySize } from './model/history-groups.ts';
import { notesOf } from './model/notes.ts';
import type { RenderOptions } from './model/render-options.ts';
import {
  type Cause,
  causes,
  countStatuses,
  matrixRows,
  type Misprediction,
  mispredictions,
  noCell,
  reuseText,
  shortKernelNames,
} from './model/summary.ts';
import { plural } from '../harness/base/text.ts';
import { shortened, visible } from '../harness/base/visible.ts';

/** GitHub drops a job summary over 1024 KiB as a whole; this leaves room for other steps. */
const BUDGET_BYTES = 900 * 1024;
const REASON_LENGTH = 300;
const NAME_LENGTH = 100;
const MAX_PLACES = 12;

const MARKS = {
  pass: '✓',
  fail: '**✗ fail**',
  xfail: '✗ expected',
  xpass: '**! xpass**',
  unsupported: 'n/a',
  skip: 'skip',
  infra: '⚠ infra',
  'not-run': '–',
} as const satisfies Record<Status, string>;

/** Escapes text for Markdown and for HTML in it, also inside a table; nothing becomes a link. */
function escaped(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*[\]#|~@:$]|(?<![a-z0-9])_|_(?![a-z0-9])|(?<=www)\./gi, (character) => `&#${character.codePointAt(0) ?? 0};`);
}

function name(text: string): string {
  return escaped(shortened(text, NAME_LENGTH));
}

function matrix(results: Results): string[] {
  const head = ['program', ...shortKernelNames(results)].map(name);
  const lines = [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`];
  for (const row of matrixRows(results)) {
    const marks = row.cells.map((entry) => (entry ? MARKS[entry.program.status] : ''));
    lines.push(`| ${name(row.object)} / ${name(row.program)} | ${marks.join(' | ')} |`);
  }
  return lines;
}

function places({ where }: Pick<Cause, 'where'>): string {
  const shown = where.slice(0, MAX_PLACES).map(({ kernel, object, program }) => `${name(object)}/${name(program)} on ${name(kernel)}`);
  const more = where.length > MAX_PLACES ? [`${where.length - MAX_PLACES} more`] : [];
  return `  <br>${[...shown, ...more].join(', ')}`;
}

function causeLines(cause: Cause): string[] {
  const title = cause.class === null ? `**${cause.status}**` : `**${cause.class}** (${cause.status})`;
  const fingerprint = cause.fingerprint === null ? '' : ` <sub>${cause.fingerprint}</sub>`;
  return [`- ${title}: ${escaped(shortened(cause.reason, REASON_LENGTH))}${fingerprint}`, places(cause)];
}

function mispredictionLines(misprediction: Misprediction): string[] {
  return [`- ${escaped(misprediction.what)}`, places(misprediction)];
}

function most(texts: readonly string[]): string {
  const more = texts.length > MAX_PLACES ? [`${texts.length - MAX_PLACES} more`] : [];
  return [...texts.slice(0, MAX_PLACES).map(name), ...more].join(', ');
}

/** Failing programs with the time since which they fail, and flaky ones. */
function past(results: Results): string[] {
  const size = historySize(results);
  if (size === null) return [];
  const lines = historyGroups(results).flatMap(({ kind, what, programs, kernels }) => [
    `- **${kind === 'flaky' ? 'flaky' : 'fails'}** ${escaped(what)}`,
    `  <br>${most(programs)} on ${most(kernels)}`,
  ]);
  return ['', '## History', '', `${size}.`, ...(lines.length === 0 ? ['Nothing fails now, and nothing was flaky.'] : ['', ...lines])];
}

/** Changes since the baseline; shown first. */
function changes(comparison: Comparison): string[] {
  const lines = changeGroups(comparison).flatMap(({ change, what, programs, kernels }) => [
    `- **${changeWord(change)}**${what === '' ? '' : `: ${escaped(shortened(what, REASON_LENGTH))}`}`,
    `  <br>${most(programs)} on ${most(kernels)}`,
  ]);
  const since = comparison.baseline.slice(0, 16).replace('T', ' ');
  return ['', `## Since ${since} UTC`, '', `${changeCounts(comparison)}.`, '', ...lines];
}

/** Sections as far as they fit, and a line that names the omitted ones. */
function withinBudget(sections: readonly (readonly string[])[]): string {
  const kept: string[] = [];
  let size = 0;
  let cut = 0;
  for (const line of sections.flat()) {
    size += Buffer.byteLength(line) + 1;
    if (size <= BUDGET_BYTES) kept.push(line);
    else cut += 1;
  }
  if (cut > 0) kept.push('', `_${plural(cut, 'line')} left out to stay within the size of a job summary; see the report._`);
  return `${kept.join('\n')}\n`;
}

/** The text of summary.md. */
export function renderMarkdown(results: Results, { comparison }: RenderOptions = {}): string {
  const counts = [...countStatuses(results)].map(([status, count]) => `${count} ${status}`).join(', ') || noCell(results);
  const { run } = results;
  const reused = reuseText(results);
  const size = `${plural(results.kernels.length, 'kernel')} × ${plural(results.objects.length, 'object')}${reused === null ? '' : `, ${reused}`}`;
  const part = run.shard ? ` This is shard ${run.shard.index} of ${run.shard.total}.` : '';
  const state = run.complete ? part : `${part} **The run was interrupted; this report has the finished cells.**`;
  const found = causes(results);
  const unexpected = found.length === 0 ? [] : ['', '## Unexpected', '', ...found.flatMap(causeLines)];
  const wrong = mispredictions(results);
  const contradicted = wrong.length === 0 ? [] : ['', '## Not as predicted', '', ...wrong.flatMap(mispredictionLines)];
  return withinBudget([
    [
      '# corematrix',
      '',
      `${counts} (${size}; ${escaped(loadersText(results))}, QEMU ${escaped(run.host.qemu)}, ${run.host.accel}).${state}`,
      ...notesOf(results).flatMap((note) => ['', `${escaped(note)}.`]),
    ],
    comparison ? changes(comparison) : [],
    past(results),
    unexpected,
    contradicted,
    ['', '## Matrix', '', ...matrix(results)],
  ]);
}
