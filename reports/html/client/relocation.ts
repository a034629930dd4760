// One relocation on two kernels: what became of it, and the types it goes through side by side.
import type { CellData, ObjectData, OutcomeData } from '../shared/page-data.ts';
import type { TypeData } from '../shared/page-data.ts';
import type { layoutTable } from './layout.ts';
import type { Tools } from './tools.ts';

/** A relocation on two kernels; all by position. */
export interface RelocationPlace {
  object: number;
  ref: number;
  left: number;
  right: number;
}

/** What became of a relocation on every kernel; null where nothing is known. */
export function outcomesOf(data: ObjectData, ref: number): (OutcomeData | null)[] {
  const of = (cell: CellData | null) => cell?.relocations.map((at) => data.outcomes[at]).find((outcome) => outcome?.ref === ref);
  return data.cells.map((cell) => of(cell) ?? null);
}

/** Neighbouring kernels between which something else became of a relocation, by their positions. */
export function turningPoints(outcomes: readonly (OutcomeData | null)[]): [number, number][] {
  const told = (outcome: OutcomeData | null) =>
    outcome && JSON.stringify([outcome.look.word, outcome.target, outcome.reached, outcome.suspicious]);
  const known = outcomes.flatMap((outcome, at) => (outcome ? [at] : []));
  return known.slice(1).flatMap((right, at): [number, number][] => {
    const left = known[at] ?? right;
    return told(outcomes[left] ?? null) === told(outcomes[right] ?? null) ? [] : [[left, right]];
  });
}

/** The head: what is accessed, where from, and the way to the kernels between which it changed. */
export function relocationHead(
  tools: Tools,
  { object, ref, left, right }: RelocationPlace,
  data: ObjectData,
  up: string,
  turns: typeof turningPoints,
  outcomes: typeof outcomesOf,
): HTMLElement {
  const { element } = tools;
  const { kernels, objects } = tools.data;
  const known = data.relocations[ref];
  const points = turns(outcomes(data, ref));
  const address = ([one, two]: readonly [number, number]) =>
    `#relo/${objects[object]?.anchor}/${ref}/${kernels[one]?.anchor}/${kernels[two]?.anchor}`;
  const step = (name: 'previous' | 'next', point: [number, number] | undefined) => {
    const text = point && `${kernels[point[0]]?.name} | ${kernels[point[1]]?.name}`;
    return point && text
      ? element('a', { href: address(point), 'data-go': name, title: 'where it changed' }, name === 'next' ? `${text} →` : `← ${text}`)
      : null;
  };
  const source = known?.source;
  return element(
    'div',
    { class: 'view-head' },
    element(
      'nav',
      { 'aria-label': 'Report' },
      element('a', { href: up, 'data-go': 'up' }, 'Matrix'),
      element('a', { href: `#r/${objects[object]?.anchor}` }, `Relocations of ${objects[object]?.id}`),
      step(
        'previous',
        points.findLast(([, two]) => two < right || (two === right && left < two - 1)),
      ),
      step(
        'next',
        points.find(([one]) => one > left || (one === left && right > one + 1)),
      ),
      tools.copyButton('Copy link', () => location.href),
    ),
    element(
      'h2',
      { tabindex: '-1' },
      element('code', {}, known?.access),
      element(
        'small',
        { class: 'facts' },
        `${known?.kind} in ${known?.program}, insn ${known?.insn}, relo #${known?.index} of ${objects[object]?.id}`,
      ),
      source && element('small', { class: 'facts' }, `${tools.line(source)} `, element('code', {}, source.text)),
    ),
  );
}

interface Parts {
  outcomesOf: typeof outcomesOf;
  layoutTable: typeof layoutTable;
}

/** What became of the relocation on both kernels, and the types it goes through. */
export function relocationView(
  tools: Tools,
  place: RelocationPlace,
  data: ObjectData,
  types: ReadonlyMap<number, TypeData>,
  parts: Parts,
): HTMLElement {
  const { element } = tools;
  const { kernels, objects } = tools.data;
  const { object, ref, left, right } = place;
  const sides = [left, right] as const;
  const known = data.relocations[ref];
  const outcomes = parts.outcomesOf(data, ref);
  const go = (one: number, two: number) => {
    location.hash = `#relo/${objects[object]?.anchor}/${ref}/${kernels[one]?.anchor}/${kernels[two]?.anchor}`;
  };
  const heads = sides.map((kernel, at) =>
    element(
      'th',
      { scope: 'col' },
      tools.select(
        at === 0 ? 'Left' : 'Right',
        kernels.map(({ name }) => name),
        kernel,
        (chosen) => (at === 0 ? go(chosen, right) : go(left, chosen)),
      ),
    ),
  );
  const row = (title: string, cells: readonly (Node | string | null)[]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, title),
      cells.map((cell) => element('td', {}, cell ?? '—')),
    );
  const each = (show: (outcome: OutcomeData) => Node | string | null) =>
    sides.map((kernel) => {
      const outcome = outcomes[kernel];
      return outcome ? show(outcome) : null;
    });
  const notes = (outcome: OutcomeData) =>
    [outcome.suspicious === null ? null : `suspicious: ${outcome.suspicious}`, outcome.predicted, ...outcome.warnings].filter(
      (note) => note !== null,
    );
  const hasNotes = sides.some((kernel) => {
    const outcome = outcomes[kernel];
    return outcome ? notes(outcome).length > 0 : false;
  });
  const table = element(
    'table',
    { class: 'compared' },
    element('thead', {}, element('tr', {}, element('td'), heads)),
    element(
      'tbody',
      {},
      row(
        'Outcome',
        each((outcome) => tools.mark(outcome.look, tools.outcome(outcome))),
      ),
      row(
        'Value',
        each((outcome) => tools.value(outcome) || null),
      ),
      row(
        'Candidates',
        each(({ candidates }) =>
          candidates.length === 0
            ? null
            : element(
                'span',
                {},
                candidates.map(({ spec, matches }) => element('small', {}, matches ? '✓ ' : '✕ ', element('code', {}, spec))),
              ),
        ),
      ),
      hasNotes &&
        row(
          'Notes',
          each((outcome) => notes(outcome).join('; ') || null),
        ),
      row(
        'Cell',
        sides.map((kernel) => {
          const status = data.cells[kernel]?.status;
          return status
            ? element('a', { href: `#${tools.anchor({ kernel, object })}/r/${ref}` }, `${objects[object]?.id} on ${kernels[kernel]?.name}`)
            : null;
        }),
      ),
    ),
  );
  const touched = (known?.touches ?? []).flatMap(({ type: at, member }) => {
    const type = types.get(at);
    return type ? [parts.layoutTable(tools, type, sides, member === null ? [] : [member])] : [];
  });
  return element(
    'div',
    { class: 'relocation-view' },
    element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Outcome' }, table),
    element('h3', {}, 'Layout on both kernels'),
    touched.length > 0 ? touched : element('p', { class: 'expected' }, 'These results keep no layout of the type.'),
  );
}
