// Two kernels compared for one object, or for one program of it: verdicts, relocation values, logs without their noise.
import type { CellData, LogData, ObjectData } from '../shared/page-data.ts';
import type { TypeData } from '../shared/page-data.ts';
import type { layoutTable } from './layout.ts';
import type { Tools } from './tools.ts';

/** What is compared; all by position. */
export interface Comparison {
  left: number;
  right: number;
  object: number;
  /** Null for all programs of the object. */
  program: number | null;
}

interface Sides<Item> {
  left: Item | undefined;
  right: Item | undefined;
}

/** A comparison of two logs in a fold: lines in both are given where they are near a difference. */
export function logDiff(tools: Tools, data: ObjectData, title: string, { left, right }: Sides<LogData>): HTMLElement {
  const { element } = tools;
  const near = 3;
  const most = 1000;
  if (!left && !right) return element('p', { class: 'expected' }, `${title}: neither kernel has one.`);
  const linesOf = (log: LogData | undefined) => (log ? tools.logLines(data, log.text) : []);
  const [one, two] = [linesOf(left), linesOf(right)];
  const found = tools.diffLines(one, two, tools.withoutNoise, most);
  const block = element('pre', { class: 'diff', tabindex: '0', 'aria-label': title });
  const signs = { both: ' ', left: '−', right: '+' } as const;
  const put = (side: keyof typeof signs, text: string) =>
    block.append(element('span', { class: `line ${side}` }, `${signs[side]} ${text}\n`));
  const changed = (found ?? []).filter(({ side }) => side !== 'both').length;
  if (found === null) {
    put('both', `… more than ${most} lines differ: the last lines of each`);
    for (const line of one.slice(-40)) put('left', line);
    for (const line of two.slice(-40)) put('right', line);
  }
  const shown = (found ?? []).map((_, index, all) =>
    all.slice(Math.max(0, index - near), index + near + 1).some(({ side }) => side !== 'both'),
  );
  let skipped = 0;
  for (const [index, line] of (found ?? []).entries()) {
    if (shown[index]) {
      if (skipped > 0) put('both', `… ${skipped} equal line${skipped === 1 ? '' : 's'}`);
      skipped = 0;
      put(line.side, line.text);
    } else skipped += 1;
  }
  if (skipped > 0) put('both', `… ${skipped} equal line${skipped === 1 ? '' : 's'}`);
  const only = !left || !right ? `, only on the ${left ? 'left' : 'right'}` : '';
  const size =
    found === null ? `more than ${most} lines differ` : `${changed} line${changed === 1 ? '' : 's'} differ${changed === 1 ? 's' : ''}`;
  const fold = element('details', { class: 'log' }, element('summary', {}, `${title} `, element('small', {}, `${size}${only}`)), block);
  fold.toggleAttribute('open', changed > 0);
  return fold;
}

/** The table of relocations that differ. */
export function relocationDiff(
  tools: Tools,
  data: ObjectData,
  cells: Sides<CellData>,
  program: string | null,
  names: readonly string[],
): HTMLElement {
  const { element } = tools;
  const byRef = (cell: CellData | undefined) =>
    new Map((cell?.relocations ?? []).flatMap((at) => (data.outcomes[at] ? [[data.outcomes[at].ref, data.outcomes[at]]] : [])));
  const [left, right] = [byRef(cells.left), byRef(cells.right)];
  const all = [...data.relocations.entries()].filter(([, known]) => program === null || known.program === program);
  const rows = all.flatMap(([ref, known]) => {
    const sides = [left.get(ref), right.get(ref)];
    const texts = sides.map((side) => (side ? `${side.look.word} ${side.target ?? ''} ${side.suspicious ?? ''}` : ''));
    if (texts[0] === texts[1]) return [];
    const cellOf = (side: (typeof sides)[number]) =>
      element(
        'td',
        {},
        side ? tools.mark(side.look) : '—',
        side ? ` ${tools.value(side)}` : null,
        side?.suspicious ? element('small', {}, side.suspicious) : null,
      );
    return [
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, element('code', {}, known.access), element('small', {}, `${known.kind} in ${known.program}`)),
        sides.map(cellOf),
      ),
    ];
  });
  const same = all.length - rows.length;
  const rest = element(
    'p',
    { class: 'expected' },
    `${same} of ${all.length} relocation${all.length === 1 ? '' : 's'} came to the same on both.`,
  );
  if (rows.length === 0) return rest;
  const head = element(
    'tr',
    {},
    ['Relocation', ...names].map((name) => element('th', { scope: 'col' }, name)),
  );
  const table = element('table', { class: 'compared' }, element('thead', {}, head), element('tbody', {}, rows));
  return element(
    'div',
    {},
    element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Relocations that differ' }, table),
    rest,
  );
}

/** Types that differ, each with its members; of the others only the names. */
export function typeDiffs(
  tools: Tools,
  { left, right }: Comparison,
  data: ObjectData,
  program: string | null,
  types: ReadonlyMap<number, TypeData>,
  table: typeof layoutTable,
): HTMLElement[] {
  const { element } = tools;
  const touches = data.relocations.filter((known) => program === null || known.program === program).flatMap((known) => known.touches);
  const positions = [...new Set(touches.map(({ type }) => type))];
  const same: string[] = [];
  const different = positions.flatMap((at) => {
    const type = types.get(at);
    if (!type) return [];
    if (type.kernels[left] === type.kernels[right]) {
      same.push(type.name);
      return [];
    }
    const taken = touches.flatMap(({ type: own, member }) => (own === at && member !== null ? [member] : []));
    return [table(tools, type, [left, right], taken)];
  });
  const rest = same.length > 0 ? [element('p', { class: 'expected' }, 'The same on both: ', element('code', {}, same.join(', ')))] : [];
  if (positions.length === 0) return [element('p', { class: 'expected' }, 'No relocation whose type these results keep.')];
  return [...different, ...rest];
}

interface Parts {
  logDiff: typeof logDiff;
  relocationDiff: typeof relocationDiff;
  typeDiffs: typeof typeDiffs;
  layoutTable: typeof layoutTable;
}

/** The whole comparison, below its heading: what to compare can be chosen. */
export function compareView(
  tools: Tools,
  where: Comparison,
  data: ObjectData,
  types: ReadonlyMap<number, TypeData>,
  parts: Parts,
): HTMLElement {
  const { element } = tools;
  const { kernels, objects } = tools.data;
  const programs = objects[where.object]?.programs ?? [];
  const chosen = where.program === null ? undefined : programs[where.program];
  const cells: Sides<CellData> = { left: data.cells[where.left] ?? undefined, right: data.cells[where.right] ?? undefined };
  const names = [kernels[where.left]?.name ?? '', kernels[where.right]?.name ?? ''];

  const go = (next: Comparison) => {
    const program = next.program === null ? '' : `/${programs[next.program]?.anchor ?? ''}`;
    location.hash = `#compare/${kernels[next.left]?.anchor}/${kernels[next.right]?.anchor}/${objects[next.object]?.anchor}${program}`;
  };
  const kernelNames = kernels.map(({ name }) => name);
  const controls = element(
    'p',
    { class: 'controls' },
    tools.select('Left', kernelNames, where.left, (left) => go({ ...where, left })),
    tools.select('Right', kernelNames, where.right, (right) => go({ ...where, right })),
    tools.select('Program', ['all', ...programs.map(({ name }) => name)], (where.program ?? -1) + 1, (at) =>
      go({ ...where, program: at === 0 ? null : at - 1 }),
    ),
  );

  const programOf = (cell: CellData | undefined, name: string) => cell?.programs.find((program) => program.name === name);
  const verdict = (cell: CellData | undefined, name: string) => {
    const program = programOf(cell, name);
    if (!program) return element('td', {}, '—');
    const { looks } = tools.data;
    return element(
      'td',
      {},
      tools.mark(looks[program.status]),
      ' ',
      element('small', {}, program.facts),
      program.reason !== null && element('p', { class: 'reason' }, program.reason),
    );
  };
  const wanted = chosen ? [chosen] : programs;
  const verdicts = element(
    'table',
    { class: 'compared' },
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ['Program', ...names].map((name) => element('th', { scope: 'col' }, name)),
      ),
    ),
    element(
      'tbody',
      {},
      wanted.map(({ name }) =>
        element('tr', {}, element('th', { scope: 'row' }, name), verdict(cells.left, name), verdict(cells.right, name)),
      ),
    ),
  );

  const logOf = (cell: CellData | undefined, name: string, kind: string) =>
    programOf(cell, name)?.logs.find(({ anchor }) => anchor.startsWith(kind));
  const kinds = [
    ['verifier', 'verifier log'],
    ['libbpf', 'libbpf log'],
  ] as const;
  const programLogs = wanted.flatMap(({ name }) =>
    kinds.flatMap(([kind, title]) => {
      const sides = { left: logOf(cells.left, name, kind), right: logOf(cells.right, name, kind) };
      return sides.left || sides.right || chosen ? [parts.logDiff(tools, data, `${title} of ${name}`, sides)] : [];
    }),
  );
  const whole = (kind: string) => ({
    left: cells.left?.logs.find(({ anchor }) => anchor === kind),
    right: cells.right?.logs.find(({ anchor }) => anchor === kind),
  });
  const objectLogs = kinds.map(([kind, title]) => parts.logDiff(tools, data, `${title} of the whole object`, whole(kind)));
  return element(
    'div',
    { class: 'compare-view' },
    controls,
    element('h3', {}, 'Verdicts'),
    element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Verdicts' }, verdicts),
    element('h3', {}, 'Relocations'),
    parts.relocationDiff(tools, data, cells, chosen?.name ?? null, names),
    element('h3', {}, 'Types that relocations go through'),
    parts.typeDiffs(tools, where, data, chosen?.name ?? null, types, parts.layoutTable),
    element('h3', {}, 'Logs, without addresses, ids, times and counts'),
    programLogs,
    objectLogs,
  );
}
