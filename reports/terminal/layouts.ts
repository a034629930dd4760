// Layouts of a kernel type on a terminal: one by one, or side by side with the changes of every member.
import type { LayoutEntry } from '../../harness/results/layouts/layout.ts';
import { type Change, CHANGES, type Lineage } from '../../harness/results/layouts/lineage.ts';
import type { SurveyedKernel, TypeSurvey } from '../../harness/kernel-btf/layout-survey.ts';
import { kernelHeads } from './prediction.ts';
import { plural } from '../../harness/base/text.ts';
import { shortened, visible } from '../../harness/base/visible.ts';
import { columnsThatFit } from './columns-that-fit.ts';
import { paint, type Style } from './paint.ts';

export interface TypeTextOptions {
  /** Width of the terminal in columns. */
  width: number;
  colour: boolean;
  /** Whether to show unchanged members, too. */
  all: boolean;
}

const MAX_NAME = 36;
const MAX_TYPE = 40;
const SEPARATOR = ' │ ';

/** The most important change of a row decides its mark. */
const MARKS = {
  added: ['+', 'green'],
  removed: ['-', 'red'],
  renamed: ['~', 'yellow'],
  split: ['~', 'yellow'],
  moved: ['~', 'yellow'],
  type: ['~', 'yellow'],
  size: ['~', 'yellow'],
  offset: ['>', 'dim'],
} as const satisfies Record<Change, readonly [string, Style]>;

/** Some of the kernels, under their short names. */
function names(survey: TypeSurvey, which: (kernel: SurveyedKernel) => boolean): string {
  const heads = kernelHeads(survey);
  return survey.kernels.flatMap((kernel, index) => (which(kernel) ? [heads[index] ?? kernel.id] : [])).join(', ');
}

/** Bytes, and the bit for a member that does not begin on a byte; the number of an argument. */
function placeText({ bitOffset, bitSize, position }: LayoutEntry): string {
  if (bitOffset === null) return position === undefined ? '' : String(position);
  const [byte, bit] = [Math.floor(bitOffset / 8), bitOffset % 8];
  return bitSize === 0 && bit === 0 ? String(byte) : `${byte}.${bit}`;
}

function sizeText({ size, bitSize }: LayoutEntry): string {
  if (bitSize > 0) return `:${bitSize}`;
  return size === null ? '' : String(size);
}

type Cells = readonly [place: string, size: string, name: string, type: string];

function cellsOf(entry: LayoutEntry): Cells {
  return [placeText(entry), sizeText(entry), shortened(visible(entry.name), MAX_NAME), shortened(visible(entry.type), MAX_TYPE)];
}

const HEAD: Cells = ['offset', 'size', 'member', 'type'];
const ENUM_HEAD: Cells = ['', '', 'enumerator', 'value'];
const FUNCTION_HEAD: Cells = ['argument', 'size', 'name', 'type'];
const HEADS = { struct: HEAD, union: HEAD, other: HEAD, enum: ENUM_HEAD, function: FUNCTION_HEAD } as const;

/** Aligns numbers right and words left; omits empty columns. */
function table(rows: readonly Cells[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .flatMap((cell, column) => {
        const width = widths[column] ?? 0;
        if (width === 0) return [];
        return [column < 2 ? cell.padStart(width) : cell.padEnd(width)];
      })
      .join('  '),
  );
}

function title({ text, size, entries, kind, others }: TypeSurvey['layouts'][number]): string {
  const word = { struct: 'member', union: 'member', enum: 'enumerator', function: 'parameter', other: 'part' }[kind];
  const count = kind === 'function' ? entries.length - 1 : entries.length;
  const bytes = size === null ? '' : `, ${plural(size, 'byte')}`;
  const more = others > 0 ? `; the first of ${others + 1} of this name` : '';
  return `${visible(text)}${bytes}, ${kind === 'other' && count === 0 ? 'a base type' : plural(count, word)}${more}`;
}

function absence(survey: TypeSurvey): string[] {
  const groups = [
    ['no such type', names(survey, ({ layout, btf }) => layout === null && btf)],
    ['no BTF', names(survey, ({ btf }) => !btf)],
  ] as const;
  const lines = groups.flatMap(([what, which]) => (which === '' ? [] : [`${what}: ${which}`]));
  return lines.length === 0 ? [] : ['', ...lines];
}

/** Every layout alone, whole. */
export function typeShowText(survey: TypeSurvey, options: TypeTextOptions): string {
  const blocks = survey.layouts.map((layout, index) => {
    const [head = '', ...rows] = table([HEADS[layout.kind], ...layout.entries.map(cellsOf)]);
    const lines =
      layout.entries.length === 0 && layout.kind === 'other'
        ? []
        : [paint(head.trimEnd(), 'dim', options), ...rows.map((row) => shortened(row.trimEnd(), options.width - 2))];
    return [
      `${paint(
        names(survey, ({ layout: own }) => own === index),
        'bold',
        options,
      )}: ${title(layout)}`,
      ...lines.map((line) => `  ${line}`),
    ].join('\n');
  });
  return `${[blocks.join('\n\n'), ...absence(survey)].join('\n')}\n`;
}

function changesOf(lineage: Lineage): Change[] {
  const found = new Set(lineage.changes.flat());
  return CHANGES.filter((change) => found.has(change));
}

const isOnlyElsewhere = (changes: readonly Change[]) => changes.every((change) => change === 'offset');

interface Row {
  lineage: Lineage;
  changes: Change[];
}

/** Layouts side by side as far as they fit; the others follow below. */
function sideBySide(survey: TypeSurvey, rows: readonly Row[], options: TypeTextOptions): string[] {
  const columns = survey.layouts.map((layout, index) => {
    const blank: Cells = ['', '', '', ''];
    const cells = rows.map(({ lineage }) => (lineage.entries[index] ? cellsOf(lineage.entries[index]) : blank));
    const lines = table([HEADS[layout.kind], ...cells]);
    const head = shortened(
      `${names(survey, ({ layout: own }) => own === index)}${layout.size === null ? '' : ` (${plural(layout.size, 'byte')})`}`,
      options.width,
    );
    const width = Math.max(head.length, lines[0]?.length ?? 0);
    return { lines: [head, ...lines].map((line) => line.padEnd(width)), width };
  });
  const words = rows.map(({ changes }) => changes.join(', '));
  const room = options.width - 2 - Math.max(0, ...words.map((word) => word.length + 2));
  return columnsThatFit(columns, { room, gap: SEPARATOR.length }).flatMap((band, number) => {
    const line = (at: number) => band.map(({ lines }) => lines[at] ?? '').join(SEPARATOR);
    const heads = [paint(`  ${line(0)}`.trimEnd(), 'bold', options), paint(`  ${line(1)}`.trimEnd(), 'dim', options)];
    const body = rows.map(({ changes: [change] }, index) => {
      const [mark, style] = change ? MARKS[change] : ([' ', 'reset'] as const);
      const text = `${mark} ${line(index + 2)}  ${words[index]}`.trimEnd();
      return change ? paint(text, style, options) : text;
    });
    return [...(number > 0 ? [''] : []), ...heads, ...body];
  });
}

/** The positions at which the prototypes of a function differ: `kernels differ: argument 4`. */
function argumentCounts(different: readonly Row[], same: number): string {
  const entries = different.flatMap(({ lineage }) => lineage.entries.find((entry) => entry !== null) ?? []);
  const positions = entries.flatMap(({ position }) => position ?? []);
  const result = entries.some(({ position }) => position === undefined) ? ['result'] : [];
  const numbered = positions.length === 0 ? [] : [`${positions.length === 1 ? 'argument' : 'arguments'} ${positions.join(', ')}`];
  const what = [...numbered, ...result].join(' and ');
  return what === '' ? 'the same arguments everywhere' : `kernels differ: ${what}; ${same} the same`;
}

/** Layouts side by side: marked differences, and one line for unchanged members. */
export function typeDiffText(survey: TypeSurvey, options: TypeTextOptions): string {
  const rows = survey.members.map((lineage): Row => ({ lineage, changes: changesOf(lineage) }));
  const different = rows.filter(({ changes }) => !isOnlyElsewhere(changes));
  const elsewhere = rows.filter(({ changes }) => changes.length > 0 && isOnlyElsewhere(changes));
  const shown = options.all ? rows : different;
  const [first] = survey.layouts;
  const same = rows.length - different.length - elsewhere.length;
  const memberCounts = [
    `${different.length} differ`,
    ...(elsewhere.length > 0 ? [`${elsewhere.length} only moved`] : []),
    `${same} the same`,
  ].join(', ');
  const counts = first?.kind === 'function' ? argumentCounts(different, same) : memberCounts;
  const what = `${visible(first?.text ?? survey.type)}: ${plural(survey.layouts.length, 'layout')} on ${plural(survey.kernels.length, 'kernel')}; ${counts}`;
  const hidden = shown.length < rows.length ? ['', `(${rows.length - shown.length} not shown; --all shows them)`] : [];
  const body = shown.length === 0 ? [] : ['', ...sideBySide(survey, shown, options)];
  return `${[what, ...body, ...absence(survey), ...hidden].join('\n')}\n`;
}
