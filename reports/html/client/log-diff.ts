// The comparison of two logs in a fold: their differences, and the equal lines near them.
import { plural } from '../../../harness/base/text.ts';
import type { LogData, ObjectData } from '../shared/page-data.ts';
import { diffLines, type DiffLine, withoutNoise } from './diff.ts';
import { element, note, small } from './dom.ts';
import { isLinked, logLines } from './log-lines.ts';

/** Equal lines that are shown before and after a difference. */
const NEAR = 3;
/** Logs with more differences than this have nothing to do with each other. */
const MAX_DIFFERENCES = 1000;
/** Number of lines that are shown from the end of each log in that case. */
const END_LINES = 40;

const SIGNS = { both: ' ', left: '−', right: '+' } as const satisfies Record<DiffLine['side'], string>;

/** Something on the left and on the right of a comparison. */
export interface Sides<Item> {
  left: Item | undefined;
  right: Item | undefined;
}

/** A log, and the data of its object. */
export interface LogSide {
  data: ObjectData;
  log: LogData;
}

const inBoth = (text: string): DiffLine => ({ side: 'both', text });

/** The differences and the lines near them, with a line for each gap. */
function nearDifferences(lines: readonly DiffLine[]): DiffLine[] {
  const isNear = (at: number) => lines.slice(Math.max(0, at - NEAR), at + NEAR + 1).some(({ side }) => side !== 'both');
  const shown: DiffLine[] = [];
  let skipped = 0;
  const closeGap = () => {
    if (skipped > 0) shown.push(inBoth(`… ${plural(skipped, 'equal line')}`));
    skipped = 0;
  };
  for (const [at, line] of lines.entries()) {
    if (isNear(at)) {
      closeGap();
      shown.push(line);
    } else skipped += 1;
  }
  closeGap();
  return shown;
}

function ends(left: readonly string[], right: readonly string[]): DiffLine[] {
  return [
    inBoth(`… more than ${MAX_DIFFERENCES} lines differ: the last lines of each`),
    ...left.slice(-END_LINES).map((text): DiffLine => ({ side: 'left', text })),
    ...right.slice(-END_LINES).map((text): DiffLine => ({ side: 'right', text })),
  ];
}

function sizeText(found: readonly DiffLine[] | null): string {
  if (found === null) return `more than ${MAX_DIFFERENCES} lines differ`;
  const changed = found.filter(({ side }) => side !== 'both').length;
  return `${plural(changed, 'line')} differ${changed === 1 ? 's' : ''}`;
}

/** A comparison of two logs, open if they differ in few enough lines; a note if neither exists. */
export function logDiff(title: string, { left, right }: Sides<LogSide>): HTMLElement {
  if (!left && !right) return note(`${title}: missing on both sides.`);
  const linked = [left, right].flatMap((side) => (side && isLinked(side.data, side.log) ? [side.log.omitted.file] : []));
  if (linked.length > 0) return note(`${title}: not compared, because the page has no room for ${linked.join(' and ')}.`);
  const [one, two] = [left ? logLines(left.data, left.log) : [], right ? logLines(right.data, right.log) : []];
  const found = diffLines(one, two, withoutNoise, MAX_DIFFERENCES);
  const lines = found ? nearDifferences(found) : ends(one, two);
  const block = element(
    'pre',
    { class: 'diff', tabindex: '0', 'aria-label': title },
    lines.map(({ side, text }) => element('span', { class: `line ${side}` }, `${SIGNS[side]} ${text}\n`)),
  );
  const only = left && right ? '' : `, only on the ${left ? 'left' : 'right'}`;
  const fold = element('details', { class: 'log' }, element('summary', {}, `${title} `, small(`${sizeText(found)}${only}`)), block);
  fold.toggleAttribute('open', found?.some(({ side }) => side !== 'both') ?? false);
  return fold;
}
