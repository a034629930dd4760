// The comparison of two kernels for one object, or of two rows of one file, such as two loaders, on one kernel: verdicts, relocation values,
// types, and logs without noise.
import { STATUS_LOOKS } from '../shared/looks.ts';
import type { CellData, LogData, ObjectData, ProgramData, TypeData } from '../shared/page-data.ts';
import { code, columnHeads, element, mark, note, scrollBox, select, small, table } from './dom.ts';
import { layoutTable } from './layout-table.ts';
import { logDiff, type LogSide, type Sides } from './log-diff.ts';
import { itemAt, pageData } from './page.ts';
import { cellId, type ComparisonPlace, comparisonLink } from './places.ts';
import { type CellSide, relocationDiff } from './relocation-diff.ts';
import { factLine, viewHead } from './view-head.ts';

/** The types that a view may show, by their positions in the page data. */
export type TypesByPosition = ReadonlyMap<number, TypeData>;

const LOG_KINDS = [
  ['verifier', 'verifier log'],
  ['libbpf', 'loader log'],
] as const;

/** The names of both sides: of the kernels, and of the rows where these differ. */
function sideNames({ object, rightObject, left, right }: ComparisonPlace): [string, string] {
  const { kernels, objects } = pageData();
  const name = (kernel: number, row: number) => {
    const parts = [...(rightObject === object ? [] : [itemAt(objects, row).id]), ...(left === right ? [] : [itemAt(kernels, kernel).name])];
    return parts.length > 0 ? parts.join(' on ') : itemAt(kernels, kernel).name;
  };
  return [name(left, object), name(right, rightObject)];
}

/** The head of a comparison. */
export function comparisonHead(place: ComparisonPlace, up: string): HTMLElement {
  const { object, rightObject, left, right } = place;
  const { kernels, objects } = pageData();
  const [one, two] = sideNames(place);
  const where = left === right ? ` on ${itemAt(kernels, left).name}` : '';
  return viewHead({
    up,
    links: [
      element('a', { href: `#${cellId({ kernel: left, object })}` }, one),
      element('a', { href: `#${cellId({ kernel: right, object: rightObject })}` }, two),
    ],
    title: [itemAt(objects, object).id, factLine(`${one} and ${two} compared${rightObject === object ? '' : where}`)],
  });
}

/** The fields that choose what to compare. A new choice changes the address. */
function choices(place: ComparisonPlace): HTMLElement {
  const { kernels, objects } = pageData();
  const kernelNames = kernels.map(({ name }) => name);
  const { programs: own, others } = itemAt(objects, place.object);
  const programs = own.map(({ name }) => name);
  const rows = [place.object, ...others];
  const go = (changed: Partial<ComparisonPlace>) => {
    location.hash = comparisonLink({ ...place, ...changed });
  };
  return element(
    'p',
    { class: 'controls' },
    select({ label: 'Left', options: kernelNames, at: place.left, onChange: (left) => go({ left }) }),
    select({ label: 'Right', options: kernelNames, at: place.right, onChange: (right) => go({ right }) }),
    others.length > 0 &&
      select({
        label: 'Row on the right',
        options: rows.map((at) => itemAt(objects, at).id),
        at: rows.indexOf(place.rightObject),
        onChange: (at) => go({ rightObject: itemAt(rows, at) }),
      }),
    select({
      label: 'Program',
      options: ['all', ...programs],
      at: (place.program ?? -1) + 1,
      onChange: (at) => go({ program: at === 0 ? null : at - 1 }),
    }),
  );
}

function programOf(cell: CellData | undefined, name: string): ProgramData | undefined {
  return cell?.programs.find((program) => program.name === name);
}

function verdictCell(program: ProgramData | undefined): HTMLElement {
  if (!program) return element('td', {}, '—');
  const reason = program.reason !== null && element('p', { class: 'reason' }, program.reason);
  return element('td', {}, mark(STATUS_LOOKS[program.status]), ' ', small(program.facts), reason);
}

function verdicts(programs: readonly string[], { left, right }: Sides<CellData>, kernels: readonly string[]): HTMLElement {
  const rows = programs.map((name) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      [left, right].map((cell) => verdictCell(programOf(cell, name))),
    ),
  );
  return scrollBox('Verdicts', table({ class: 'compared', head: columnHeads(['Program', ...kernels]), rows }));
}

/** The types that differ, with their members, and the names of the others. */
function typeDiffs({ left, right }: ComparisonPlace, data: ObjectData, program: string | null, types: TypesByPosition): HTMLElement[] {
  const own = data.relocations.filter((relocation) => program === null || relocation.program === program);
  const touches = own.flatMap((relocation) => relocation.touches);
  if (touches.length === 0) return [note('These results contain no types of these relocations.')];
  const found = [...new Set(touches.map(({ type }) => type))].map((at) => ({ at, type: types.get(at) }));
  const known = found.flatMap(({ at, type }) => (type ? [{ at, type }] : []));
  const isSame = ({ type }: { type: TypeData }) => type.kernels[left] === type.kernels[right];
  const different = known
    .filter((each) => !isSame(each))
    .map(({ at, type }) => {
      const accessed = touches.flatMap((touch) => (touch.type === at && touch.member !== null ? [touch.member] : []));
      return layoutTable(type, [left, right], accessed);
    });
  const same = known.filter(isSame).map(({ type }) => type.name);
  const rest = element('p', { class: 'expected' }, 'The same on both: ', code(same.join(', ')));
  return [...different, ...(same.length > 0 ? [rest] : [])];
}

/** The logs of both cells that `find` finds. */
function bothLogs({ left, right }: Sides<CellSide>, find: (cell: CellData) => LogData | undefined): Sides<LogSide> {
  const found = (side: CellSide | undefined) => {
    const log = side && find(side.cell);
    return side && log ? { data: side.data, log } : undefined;
  };
  return { left: found(left), right: found(right) };
}

/** The logs of these programs. If one program was chosen, a note replaces each log that neither side has. */
function programLogs(programs: readonly string[], cells: Sides<CellSide>, isChosen: boolean): HTMLElement[] {
  return programs.flatMap((name) =>
    LOG_KINDS.flatMap(([kind, title]) => {
      const logs = bothLogs(cells, (cell) => programOf(cell, name)?.logs.find(({ anchor }) => anchor.startsWith(kind)));
      return logs.left || logs.right || isChosen ? [logDiff(`${title} of ${name}`, logs)] : [];
    }),
  );
}

function objectLogs(cells: Sides<CellSide>): HTMLElement[] {
  return LOG_KINDS.map(([kind, title]) => {
    const logs = bothLogs(cells, (cell) => cell.logs.find(({ anchor }) => anchor === kind));
    return logDiff(`${title} of the whole object`, logs);
  });
}

function sideAt(data: ObjectData, kernel: number): CellSide | undefined {
  const cell = data.cells[kernel];
  return cell ? { data, cell } : undefined;
}

/** The content of a comparison, below its head. */
export function comparisonView(place: ComparisonPlace, data: Record<'left' | 'right', ObjectData>, types: TypesByPosition): HTMLElement {
  const all = itemAt(pageData().objects, place.object).programs.map(({ name }) => name);
  const program = place.program === null ? null : itemAt(all, place.program);
  const programs = program === null ? all : [program];
  const sides = { left: sideAt(data.left, place.left), right: sideAt(data.right, place.right) };
  const names = sideNames(place);
  return element(
    'div',
    { class: 'compare-view' },
    choices(place),
    element('h3', {}, 'Verdicts'),
    verdicts(programs, { left: sides.left?.cell, right: sides.right?.cell }, names),
    element('h3', {}, 'Relocations'),
    relocationDiff({ sides, program, names }),
    element('h3', {}, 'Types that relocations go through'),
    typeDiffs(place, data.left, program, types),
    element('h3', {}, 'Logs, without addresses, ids, times and counts'),
    programLogs(programs, sides, program !== null),
    objectLogs(sides),
  );
}
