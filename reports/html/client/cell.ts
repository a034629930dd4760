// The view of a cell: the reason first, then programs, relocations, logs, and how to reproduce it.
import { logTail } from '../shared/log-tail.ts';
import { ATTENTION, STATUS_LOOKS } from '../shared/looks.ts';
import type { CellData, ObjectData, ProgramData } from '../shared/page-data.ts';
import { copyButton } from './copy.ts';
import { type Child, element, mark, note, small } from './dom.ts';
import { logFold } from './log-fold.ts';
import { isLinked, logLines } from './log-lines.ts';
import { itemAt, pageData } from './page.ts';
import { cellId, type CellPlace, comparisonLink } from './places.ts';
import { relocationTable } from './relocation-table.ts';
import { rootCauseCopy } from './root-cause.ts';
import { factLine, stepLink, viewHead } from './view-head.ts';

/** Programs with these statuses are listed first. */
const ORDER = [...ATTENTION, 'xfail'];
const FAILURES: readonly string[] = ['fail', 'xfail'];

/** The positions of the other kernels on which the object was tried. */
function otherKernels(place: CellPlace, { cells }: ObjectData): number[] {
  return [...cells.keys()].filter((at) => at !== place.kernel && cells[at]);
}

/** The kernel to compare with: the nearest with another result, else the nearest; undefined if there is no other kernel. */
function kernelToCompare({ kernel }: CellPlace, { cells }: ObjectData, others: readonly number[]): number | undefined {
  const story = (at: number) => cells[at]?.programs.map(({ status, reason }) => `${status} ${reason}`).join();
  const nearest = others.toSorted((a, b) => Math.abs(a - kernel) - Math.abs(b - kernel));
  return nearest.find((at) => story(at) !== story(kernel)) ?? nearest[0];
}

function compareLink({ kernel, object }: CellPlace, other: number): HTMLElement {
  const [left = kernel, right = other] = [kernel, other].toSorted((a, b) => a - b);
  const href = comparisonLink({ left, right, object, rightObject: object, program: null });
  return stepLink('compare', href, `Compare with ${itemAt(pageData().kernels, other).name}`);
}

/** Links to comparisons with the other rows of the same file on this kernel, such as those of other loaders. */
function compareRows({ kernel, object }: CellPlace): HTMLElement[] {
  const { objects } = pageData();
  return itemAt(objects, object).others.map((rightObject) => {
    const href = comparisonLink({ left: kernel, right: kernel, object, rightObject, program: null });
    return stepLink('compare', href, `Compare with ${itemAt(objects, rightObject).id}`);
  });
}

/** The head of a cell, with links to the same object on other kernels. */
export function cellHead(place: CellPlace, data: ObjectData, up: string): HTMLElement {
  const { kernels, objects } = pageData();
  const { name, facts } = itemAt(kernels, place.kernel);
  const cell = data.cells[place.kernel];
  const others = otherKernels(place, data);
  const step = (direction: 'previous' | 'next', kernel: number | undefined) =>
    kernel !== undefined && stepLink(direction, `#${cellId({ ...place, kernel })}`, itemAt(kernels, kernel).name);
  const previous = others.findLast((at) => at < place.kernel);
  const next = others.find((at) => at > place.kernel);
  const other = kernelToCompare(place, data, others);
  return viewHead({
    up,
    links: [step('previous', previous), step('next', next), other !== undefined && compareLink(place, other), ...compareRows(place)],
    title: [
      cell && mark(STATUS_LOOKS[cell.status]),
      ` ${itemAt(objects, place.object).id} on ${name}`,
      cell?.flaky && small(' flaky'),
      factLine(facts),
    ],
  });
}

function copyable(shown: Child, text: string): HTMLElement {
  return element(
    'div',
    { class: 'copy' },
    shown,
    copyButton('Copy', () => text),
  );
}

function reasonLine(text: string): HTMLElement {
  return copyable(element('p', { class: 'reason' }, text), text);
}

function command(title: string, text: string): HTMLElement {
  return element('div', {}, element('p', {}, title), copyable(element('pre', { tabindex: '0' }, text), text));
}

/** The end of the verifier log of a program that failed. */
function verifierTail({ status, logs }: ProgramData, data: ObjectData): HTMLElement | null {
  const log = logs.find(({ anchor }) => anchor.startsWith('verifier/'));
  if (!FAILURES.includes(status) || !log || isLinked(data, log)) return null;
  return element('pre', { tabindex: '0' }, logTail(logLines(data, log)));
}

function programItem(program: ProgramData, place: CellPlace, data: ObjectData): HTMLElement {
  return element(
    'li',
    {},
    mark(STATUS_LOOKS[program.status]),
    ' ',
    element('strong', {}, program.name),
    ' ',
    program.facts !== '' && element('small', program.meaning === null ? {} : { title: program.meaning }, program.facts),
    program.reason !== null && reasonLine(program.reason),
    program.past !== null && note(program.past),
    rootCauseCopy(program.fingerprint, place.kernel),
    program.expected !== null && note(`expected: ${program.expected}`),
    program.contradiction !== null && element('p', { class: 'disagrees' }, program.contradiction),
    verifierTail(program, data),
    program.logs.map((log) => logFold(place, data, log)),
  );
}

/** The programs. Those that need attention come first. */
function programList(place: CellPlace, data: ObjectData, { programs }: CellData): HTMLElement {
  const rank = ({ status }: ProgramData) => (ORDER.includes(status) ? ORDER.indexOf(status) : ORDER.length);
  const ordered = programs.toSorted((a, b) => rank(a) - rank(b));
  return element(
    'ul',
    { class: 'programs' },
    ordered.map((program) => programItem(program, place, data)),
  );
}

/** The facts of the whole cell. Its reason is shown only if no program has the same one. */
function remarks(cell: CellData): Child[] {
  const isTold = cell.programs.some((program) => program.reason === cell.reason);
  return [
    cell.reason !== null && !isTold && reasonLine(cell.reason),
    cell.flaky && note('Flaky: an earlier attempt ended without a verdict.'),
    cell.predicted !== null && note(`Predicted from BTF: ${cell.predicted}.`),
  ];
}

function commands({ again, rerun, qemu }: CellData): Child[] {
  return [
    command('Run this cell again:', again),
    command('Run it in a fresh boot and keep all files (with --gdb, the guest waits for a debugger):', rerun),
    qemu !== null && command('The QEMU command that ran it:', qemu),
  ];
}

/** The content of a cell, below its head. */
export function cellView(place: CellPlace, data: ObjectData, cell: CellData): HTMLElement {
  const times = [...cell.attempts, ...cell.times].map((text) => element('li', {}, text));
  return element(
    'div',
    { class: 'cell-view' },
    remarks(cell),
    element('h3', {}, 'Programs'),
    programList(place, data, cell),
    element('h3', {}, 'Relocations'),
    relocationTable(place, data, cell),
    element('h3', {}, 'Logs of the whole object'),
    cell.logs.length === 0 ? element('p', {}, 'None.') : cell.logs.map((log) => logFold(place, data, log)),
    element('h3', {}, 'How to reproduce'),
    commands(cell),
    element('h3', {}, 'Time'),
    element('ul', {}, times),
  );
}
