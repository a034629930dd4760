// The comparison of two kernels for one object or one of its programs: verdicts, relocation values, types, and logs without noise.
import { STATUS_LOOKS } from '../shared/looks.ts';
import type { CellData, LogData, ObjectData, ProgramData, TypeData } from '../shared/page-data.ts';
import { code, columnHeads, element, mark, note, scrollBox, select, small, table } from './dom.ts';
import { layoutTable } from './layout-table.ts';
import { logDiff, type Sides } from './log-diff.ts';
import { itemAt, pageData } from './page.ts';
import { cellId, type ComparisonPlace, comparisonLink } from './places.ts';
import { relocationDiff } from './relocation-diff.ts';
import { factLine, viewHead } from './view-head.ts';

/** The types that a view may show, by their positions in the page data. */
export type TypesByPosition = ReadonlyMap<number, TypeData>;

const LOG_KINDS = [
  ['verifier', 'verifier log'],
  ['libbpf', 'loader log'],
] as const;

/** The head of a comparison. */
export function comparisonHead({ object, left, right }: ComparisonPlace, up: string): HTMLElement {
  const { kernels, objects } = pageData();
  const [one, two] = [itemAt(kernels, left).name, itemAt(kernels, right).name];
  return viewHead({
    up,
    links: [
      element('a', { href: `#${cellId({ kernel: left, object })}` }, one),
      element('a', { href: `#${cellId({ kernel: right, object })}` }, two),
    ],
    title: [itemAt(objects, object).id, factLine(`${one} and ${two} compared`)],
  });
}

/** The fields that choose what to compare. A new choice changes the address. */
function choices(place: ComparisonPlace): HTMLElement {
  const { kernels, objects } = pageData();
  const kernelNames = kernels.map(({ name }) => name);
  const programs = itemAt(objects, place.object).programs.map(({ name }) => name);
  const go = (changed: Partial<ComparisonPlace>) => {
    location.hash = comparisonLink({ ...place, ...changed });
  };
  return element(
    'p',
    { class: 'controls' },
    select({ label: 'Left', options: kernelNames, at: place.left, onChange: (left) => go({ left }) }),
    select({ label: 'Right', options: kernelNames, at: place.right, onChange: (right) => go({ right }) }),
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

/** The logs of both cells that `find` finds, compared. */
function bothLogs({ left, right }: Sides<CellData>, find: (cell: CellData) => LogData | undefined): Sides<LogData> {
  return { left: left && find(left), right: right && find(right) };
}

/** The logs of these programs. If one program was chosen, a note replaces each log that neither kernel has. */
function programLogs(programs: readonly string[], data: ObjectData, cells: Sides<CellData>, isChosen: boolean): HTMLElement[] {
  return programs.flatMap((name) =>
    LOG_KINDS.flatMap(([kind, title]) => {
      const logs = bothLogs(cells, (cell) => programOf(cell, name)?.logs.find(({ anchor }) => anchor.startsWith(kind)));
      return logs.left || logs.right || isChosen ? [logDiff(`${title} of ${name}`, data, logs)] : [];
    }),
  );
}

function objectLogs(data: ObjectData, cells: Sides<CellData>): HTMLElement[] {
  return LOG_KINDS.map(([kind, title]) => {
    const logs = bothLogs(cells, (cell) => cell.logs.find(({ anchor }) => anchor === kind));
    return logDiff(`${title} of the whole object`, data, logs);
  });
}

/** The content of a comparison, below its head. */
export function comparisonView(place: ComparisonPlace, data: ObjectData, types: TypesByPosition): HTMLElement {
  const { kernels, objects } = pageData();
  const all = itemAt(objects, place.object).programs.map(({ name }) => name);
  const program = place.program === null ? null : itemAt(all, place.program);
  const programs = program === null ? all : [program];
  const cells = { left: data.cells[place.left] ?? undefined, right: data.cells[place.right] ?? undefined };
  const names = [place.left, place.right].map((at) => itemAt(kernels, at).name);
  return element(
    'div',
    { class: 'compare-view' },
    choices(place),
    element('h3', {}, 'Verdicts'),
    verdicts(programs, cells, names),
    element('h3', {}, 'Relocations'),
    relocationDiff({ data, cells, program, names }),
    element('h3', {}, 'Types that relocations go through'),
    typeDiffs(place, data, program, types),
    element('h3', {}, 'Logs, without addresses, ids, times and counts'),
    programLogs(programs, data, cells, program !== null),
    objectLogs(data, cells),
  );
}
