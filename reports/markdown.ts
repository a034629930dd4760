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
  objectsText,
  reuseText,
} from './model/summary.ts';
import { type Why, whyOf } from './model/why.ts';
import { kernelNames } from '../harness/results/kernel-names.ts';
import { grouped, plural } from '../harness/base/text.ts';
import { shortened, visible, visibleText } from '../harness/base/visible.ts';

/** GitHub drops a job summary over 1024 KiB as a whole; this leaves room for other steps. */
const BUDGET_BYTES = 900 * 1024;
const REASON_LENGTH = 300;
const NAME_LENGTH = 100;
const ADVICE_LENGTH = 600;
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

/** Escapes our own sentences, which may quote names, for Markdown and for HTML in it; nothing becomes a link. */
function escaped(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*[\]#|~@$]|:(?=[\w+-]+:|\/\/)|(?<![a-z0-9_])_+|_+(?![a-z0-9_])|(?<=www)\./gi, (characters) =>
      Array.from(characters, (character) => `&#${character.codePointAt(0) ?? 0};`).join(''),
    );
}

/** The longest row of backticks. */
function backticks(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((row) => row.length));
}

/**
 * Foreign text as a code span, which a reader of plain text can read, too: nothing in it is markup, a link or a mention.
 * @see https://spec.commonmark.org/0.31.2/#code-spans
 */
function code(text: string, length = NAME_LENGTH): string {
  // A bar would end a cell of a table.
  const shown = shortened(visible(text), length).replaceAll('|', String.raw`\x7c`);
  const fence = '`'.repeat(backticks(shown) + 1);
  const room = shown === '' || /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${fence}${room}${shown}${room}${fence}`;
}

/** Names of kernels by their ids. */
type Names = ReadonlyMap<string, string>;

function kernelText(kernel: string, names: Names): string {
  return escaped(shortened(names.get(kernel) ?? kernel, NAME_LENGTH));
}

function matrix(results: Results, names: Names): string[] {
  const head = ['program', ...results.kernels.map(({ id }) => kernelText(id, names))];
  const lines = [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`];
  for (const row of matrixRows(results)) {
    const marks = row.cells.map((entry) => (entry ? MARKS[entry.program.status] : ''));
    lines.push(`| ${code(`${row.object}/${row.program}`)} | ${marks.join(' | ')} |`);
  }
  return lines;
}

function most(texts: readonly string[]): string {
  const more = texts.length > MAX_PLACES ? [`${texts.length - MAX_PLACES} more`] : [];
  return [...texts.slice(0, MAX_PLACES), ...more].join(', ');
}

/** A list item with programs and kernels. */
function placeLine(programs: readonly string[], kernels: readonly string[], names: Names): string {
  return `  - ${most(programs.map((program) => code(program)))} on ${most(kernels.map((kernel) => kernelText(kernel, names)))}`;
}

/** A list item for each group of programs that have the same kernels. */
function placeLines({ where }: Pick<Cause, 'where'>, names: Names): string[] {
  const byProgram = grouped(where, ({ object, program }) => `${object}/${program}`);
  const kernelsOf = ([, places]: [string, Cause['where']]) => [...new Set(places.map(({ kernel }) => kernel))];
  const groups = [...grouped([...byProgram], (entry) => JSON.stringify(kernelsOf(entry))).values()];
  const shown = groups.slice(0, MAX_PLACES).flatMap((group) => {
    const [first] = group;
    return first
      ? [
          placeLine(
            group.map(([program]) => program),
            kernelsOf(first),
            names,
          ),
        ]
      : [];
  });
  return [...shown, ...(groups.length > MAX_PLACES ? [`  - ${plural(groups.length - MAX_PLACES, 'more group')} in the report`] : [])];
}

/** What to do, as list items. */
function whyItems({ advice, snippet, documentation }: Why): string[] {
  const fence = '`'.repeat(Math.max(3, backticks(snippet ?? '') + 1));
  const block =
    snippet === null
      ? []
      : ['  - write instead:', '', ...[`${fence}c`, ...visibleText(snippet).split('\n'), fence].map((line) => `    ${line}`.trimEnd()), ''];
  const page = documentation === null ? [] : [`  - see ${/^https?:/.test(documentation) ? `<${documentation}>` : code(documentation)}`];
  return [...advice.map((line) => `  - ${escaped(shortened(line, ADVICE_LENGTH))}`), ...page, ...block];
}

function causeLines(cause: Cause, names: Names, why: Why): string[] {
  const title = cause.class === null ? `**${cause.status}**` : `**${cause.class}** (${cause.status})`;
  const fingerprint = cause.fingerprint === null ? '' : ` (cause ${cause.fingerprint})`;
  return [`- ${title}: ${code(cause.reason, REASON_LENGTH)}${fingerprint}`, ...placeLines(cause, names), ...whyItems(why)];
}

function mispredictionLines(misprediction: Misprediction, names: Names): string[] {
  return [`- ${escaped(misprediction.what)}`, ...placeLines(misprediction, names)];
}

/** Failing programs with the time since which they fail, and flaky ones. */
function past(results: Results, names: Names): string[] {
  const size = historySize(results);
  if (size === null) return [];
  const lines = historyGroups(results).flatMap(({ kind, what, programs, kernels }) => [
    `- **${kind === 'flaky' ? 'flaky' : 'fails'}** ${escaped(what)}`,
    placeLine(programs, kernels, names),
  ]);
  return ['', '## History', '', `${size}.`, ...(lines.length === 0 ? ['Nothing fails now, and nothing was flaky.'] : ['', ...lines])];
}

/** Changes since the baseline; shown first. */
function changes(comparison: Comparison, names: Names): string[] {
  const lines = changeGroups(comparison).flatMap(({ change, what, programs, kernels }) => [
    `- **${changeWord(change)}**${what === '' ? '' : `: ${code(what, REASON_LENGTH)}`}`,
    placeLine(programs, kernels, names),
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
  const size = `${plural(results.kernels.length, 'kernel')} × ${objectsText(results.objects)}${reused === null ? '' : `, ${reused}`}`;
  const tools = [loadersText(results), `QEMU ${run.host.qemu}`, run.host.accel]
    .filter((tool) => tool !== '')
    .map(escaped)
    .join(', ');
  const part = run.shard ? ` This is shard ${run.shard.index} of ${run.shard.total}.` : '';
  const state = run.complete ? part : `${part} **The run was interrupted; this report has the finished cells.**`;
  const names = kernelNames(results.kernels);
  const why = whyOf(results);
  const found = causes(results);
  const unexpected = found.length === 0 ? [] : ['', '## Unexpected', '', ...found.flatMap((cause) => causeLines(cause, names, why(cause)))];
  const wrong = mispredictions(results);
  const contradicted =
    wrong.length === 0 ? [] : ['', '## Not as predicted', '', ...wrong.flatMap((each) => mispredictionLines(each, names))];
  return withinBudget([
    ['# corematrix', '', `${counts} (${size}; ${tools}).${state}`, ...notesOf(results).flatMap((note) => ['', `${escaped(note)}.`])],
    comparison ? changes(comparison, names) : [],
    past(results, names),
    unexpected,
    contradicted,
    ['', '## Matrix', '', ...matrix(results, names)],
  ]);
}
