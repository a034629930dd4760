// Links in the maps of relocations across kernels. A map gets them when it is first opened; in the markup they would be half of the page.
import { element } from './dom.ts';
import { itemAt, pageData } from './page.ts';
import { relocationLink } from './places.ts';

/** The two kernels to compare for a stretch: those around its beginning, or around its end if it is the first. */
function neighbours(from: number, next: number): [left: number, right: number] {
  if (from > 0) return [from - 1, from];
  return [Math.max(0, next - 1), Math.min(next, pageData().kernels.length - 1)];
}

function linkRow(row: HTMLTableRowElement, object: number, ref: number): void {
  let from = 0;
  for (const cell of [...row.cells].slice(1)) {
    const next = from + cell.colSpan;
    const [left, right] = neighbours(from, next);
    const href = relocationLink({ object, ref, left, right });
    if (cell.hasChildNodes()) cell.replaceChildren(element('a', { href }, ...cell.childNodes));
    from = next;
  }
}

function linkMap(map: HTMLTableElement): void {
  const object = pageData().objects.findIndex(({ anchor }) => anchor === map.dataset['object']);
  map.dataset['linked'] = '';
  for (const [ref, row] of [...itemAt([...map.tBodies], 0).rows].entries()) linkRow(row, object, ref);
}

/** Adds the links to each map when it is opened. */
export function linkMaps(): void {
  const onToggle = ({ target: fold }: Event) => {
    if (!(fold instanceof HTMLDetailsElement) || !fold.open) return;
    const map = fold.querySelector<HTMLTableElement>('table.map:not([data-linked])');
    if (map) linkMap(map);
  };
  document.addEventListener('toggle', onToggle, true);
}
