// A log in a fold: numbered lines that are links, a search, a button that goes to the failure, and a switch that wraps long lines.
import { plural } from '../../../harness/base/text.ts';
import { lineAddress, logAddress } from '../shared/addresses.ts';
import type { LogData, ObjectData } from '../shared/page-data.ts';
import { copyButton } from './copy.ts';
import { element, quietButton, small } from './dom.ts';
import { failureLine, logLines } from './log-lines.ts';
import { logSearch } from './log-search.ts';
import { cellId, type CellPlace } from './places.ts';

/** Browsers lay out more lines than this slowly. The failure is at the end. */
const MAX_LINES = 10_000;

interface Log {
  title: string;
  lines: readonly string[];
  /** Position of the first line that is shown. */
  first: number;
  fold: HTMLDetailsElement;
  /** Lines before those in the page. */
  omitted: LogData['omitted'];
}

/** The number of a line in the whole log, from 1. */
function numberOf({ omitted }: Log, position: number): number {
  return (omitted?.lines ?? 0) + position + 1;
}

function goTo(log: Log, position: number): void {
  const { fold } = log;
  for (const marked of fold.querySelectorAll('.marked')) marked.classList.remove('marked');
  const line = document.getElementById(lineAddress(fold.id, numberOf(log, position)));
  line?.classList.add('marked');
  line?.scrollIntoView({ block: 'center' });
}

function wrapButton(block: HTMLElement): HTMLElement {
  const wrap = quietButton('Wrap', { 'aria-pressed': 'false' });
  wrap.addEventListener('click', () => wrap.setAttribute('aria-pressed', String(block.classList.toggle('wrapped'))));
  return wrap;
}

function failureButton(log: Log): HTMLElement | null {
  const position = failureLine(log.lines);
  if (position < log.first) return null;
  const jump = quietButton('Go to error');
  jump.addEventListener('click', () => goTo(log, position));
  return jump;
}

function logTools(log: Log, block: HTMLElement): HTMLElement {
  return element(
    'p',
    { class: 'log-tools' },
    logSearch({ ...log, goTo: (position) => goTo(log, position) }),
    failureButton(log),
    wrapButton(block),
    copyButton('Copy log', () => `${log.lines.join('\n')}\n`),
  );
}

function linesBlock(log: Log): HTMLElement {
  const { title, lines, first, fold, omitted } = log;
  const block = element('pre', { tabindex: '0', 'aria-label': title });
  if (first > 0) block.append(`… ${first} earlier lines are in logs/ beside this file\n`);
  if (omitted) {
    const where =
      lines.length === 0
        ? 'This page has no room for the log. It is in '
        : `… ${omitted.lines} earlier lines, and long lines in full, are in `;
    block.append(where, element('a', { href: omitted.file }, omitted.file), '\n');
  }
  for (const [index, line] of lines.slice(first).entries()) {
    const number = numberOf(log, first + index);
    const id = lineAddress(fold.id, number);
    block.append(element('span', { class: 'line', id }, element('a', { href: `#${id}` }, String(number)), line, '\n'));
  }
  return block;
}

function fill(log: Log): void {
  if (log.fold.querySelector('pre')) return;
  const block = linesBlock(log);
  if (log.lines.length > 0) log.fold.append(logTools(log, block));
  log.fold.append(block);
}

/** A log in a fold. Its lines are added when the fold is opened or receives the event `fill`. */
export function logFold(place: CellPlace, data: ObjectData, log: LogData): HTMLElement {
  const { title, anchor, omitted } = log;
  const lines = logLines(data, log);
  const fold = element(
    'details',
    { class: 'log', id: logAddress(cellId(place), anchor) },
    element('summary', {}, `${title} `, small(plural(lines.length + (omitted?.lines ?? 0), 'line'))),
  );
  const fillOnce = () => fill({ title, lines, first: Math.max(0, lines.length - MAX_LINES), fold, omitted });
  fold.addEventListener('toggle', fillOnce);
  fold.addEventListener('fill', fillOnce);
  return fold;
}
