// A type on two kernels side by side: what is new, gone, renamed or of another type stands out; what only lies elsewhere does not.
import type { TypeData } from '../shared/page-data.ts';
import type { Tools } from './tools.ts';

/** Two layouts of a type in a table; members taken by a relocation are marked, and stand there even where nothing changed. */
export function layoutTable(tools: Tools, type: TypeData, kernels: readonly [number, number], taken: readonly string[]): HTMLElement {
  const { element } = tools;
  const near = 1;
  const sides = kernels.map((kernel) => type.kernels[kernel] ?? null);
  const names = kernels.map((kernel) => tools.data.kernels[kernel]?.name ?? '');
  type Placed = NonNullable<TypeData['rows'][number][number]>;
  const memberOf = (placed: Placed | null) => (placed ? type.members[placed[0]] : undefined);

  const offsetText = ([at, bits]: Placed) => {
    if (bits === null) return '';
    const bitSize = type.members[at]?.bitSize ?? 0;
    return bitSize === 0 && bits % 8 === 0 ? String(bits / 8) : `${Math.floor(bits / 8)}.${bits % 8}`;
  };
  const changesOf = (left: Placed | null, right: Placed | null): string[] => {
    const [one, two] = [memberOf(left), memberOf(right)];
    if (!one || !two) return one ? ['removed'] : ['added'];
    return [
      ...(one.name === two.name ? [] : ['renamed']),
      ...(one.type === two.type ? [] : ['type']),
      ...(one.size === two.size && one.bitSize === two.bitSize ? [] : ['size']),
      ...(left?.[1] === right?.[1] ? [] : ['offset']),
    ];
  };

  const rows = type.rows
    .map((row) => {
      const [left, right] = sides.map((side) => (side === null || side < 0 ? null : (row[side] ?? null)));
      return { left: left ?? null, right: right ?? null };
    })
    .filter(({ left, right }) => left !== null || right !== null)
    .map(({ left, right }) => {
      const changes = changesOf(left, right);
      const isTaken = [memberOf(left), memberOf(right)].some((member) => member !== undefined && taken.includes(member.name));
      const differs = changes.some((change) => change !== 'offset');
      return { left, right, changes, isTaken, differs };
    });

  const isEnum = type.layouts.some(({ kind }) => kind === 'enum');
  const columns = isEnum ? ['Enumerator', 'Value'] : ['Offset', 'Size', 'Member', 'Type'];
  const cellsOf = (placed: Placed | null, edge: string) => {
    const member = memberOf(placed);
    if (!placed || !member) return [element('td', { class: `edge ${edge}`.trim(), colspan: String(columns.length) }, '—')];
    const { name, type: declared, size, bitSize } = member;
    const texts = isEnum
      ? [name, declared]
      : [offsetText(placed), bitSize > 0 ? `:${bitSize}` : String(size ?? ''), name || '(without a name)', declared];
    return texts.map((text, at) => element('td', { class: `${at === 0 ? 'edge ' : ''}${!isEnum && at < 2 ? 'number' : 'code'}` }, text));
  };
  const marks: Record<string, string> = { added: '+', removed: '−', offset: '›' };
  const rowOf = ({ left, right, changes, isTaken, differs }: (typeof rows)[number]) => {
    const [first = ''] = changes;
    const tone = first === 'added' || first === 'removed' ? first : differs ? 'changed' : 'same';
    return element(
      'tr',
      { class: `${tone}${isTaken ? ' taken' : ''}` },
      element('th', { scope: 'row' }, changes.length === 0 ? 'same' : `${marks[first] ?? '~'} ${changes.join(', ')}`),
      cellsOf(left, tone === 'added' ? 'none' : ''),
      cellsOf(right, tone === 'removed' ? 'none' : ''),
    );
  };

  const count = (of: (row: (typeof rows)[number]) => boolean) => rows.filter(of).length;
  const elsewhere = count(({ differs, changes }) => !differs && changes.length > 0);
  const facts = [
    `${count(({ differs }) => differs)} differ`,
    ...(elsewhere > 0 ? [`${elsewhere} only lie elsewhere`] : []),
    `${count(({ changes }) => changes.length === 0)} the same`,
  ];
  const sizes = sides.map((side) => {
    if (side === null) return 'no BTF known';
    const layout = type.layouts[side];
    if (!layout) return 'no such type';
    const bytes = layout.size === null ? '' : `${layout.size} byte${layout.size === 1 ? '' : 's'}`;
    return `${bytes}${layout.others > 0 ? `; the first of ${layout.others + 1} of this name` : ''}`;
  });

  const body = element('tbody');
  const width = { colspan: String(1 + 2 * columns.length) };
  const fill = (all: boolean) => {
    const wanted = (at: number) => rows[at] !== undefined && (rows[at].differs || rows[at].isTaken);
    const shown = rows.map((_, at) => all || Array.from({ length: 2 * near + 1 }, (__, step) => at + step - near).some(wanted));
    const parts: HTMLElement[] = [];
    let skipped = 0;
    const skip = () => {
      if (skipped > 0) parts.push(element('tr', { class: 'skipped' }, element('td', width, `… ${skipped} more`)));
      skipped = 0;
    };
    for (const [at, row] of rows.entries()) {
      if (shown[at]) {
        skip();
        parts.push(rowOf(row));
      } else skipped += 1;
    }
    skip();
    body.replaceChildren(...parts);
    return shown.every(Boolean);
  };
  const whole = fill(false);
  const more = element('button', { type: 'button', class: 'quiet-button', 'aria-pressed': 'false' }, `All ${rows.length}`);
  more.addEventListener('click', () => {
    const all = more.getAttribute('aria-pressed') !== 'true';
    more.setAttribute('aria-pressed', String(all));
    fill(all);
  });

  const heads = names.map((name, at) =>
    element('th', { scope: 'colgroup', colspan: String(columns.length), class: 'edge' }, name, element('small', {}, ` ${sizes[at] ?? ''}`)),
  );
  const columnHeads = names.flatMap(() =>
    columns.map((text, at) =>
      element('th', { scope: 'col', class: `${at === 0 ? 'edge ' : ''}${!isEnum && at < 2 ? 'number' : ''}` }, text),
    ),
  );
  const table = element(
    'table',
    { class: 'layout' },
    element(
      'thead',
      {},
      element('tr', {}, element('td'), heads),
      element('tr', {}, element('th', { scope: 'col' }, 'Change'), columnHeads),
    ),
    body,
  );
  return element(
    'section',
    { class: 'type', 'aria-label': type.name },
    element(
      'h4',
      {},
      element('code', {}, type.name),
      ' ',
      element('small', {}, rows.length === 0 ? sizes.join(', ') : facts.join(', ')),
      whole ? null : more,
    ),
    rows.length > 0 && element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Layouts of ${type.name}` }, table),
  );
}
