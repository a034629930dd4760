/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// Cells of the relocation maps become links when they are first seen: as markup they would be half of the page.
import type { Tools } from './tools.ts';

/** Waits for maps to be opened. A stretch of kernels leads to its first one. */
export function linkMaps(tools: () => Tools): void {
  const link = (map: HTMLTableElement) => {
    const { data, element, anchor } = tools();
    const object = data.objects.findIndex((each) => each.anchor === map.dataset['object']);
    map.dataset['linked'] = '';
    for (const [ref, row] of [...(map.tBodies[0]?.rows ?? [])].entries()) {
      let kernel = 0;
      for (const cell of [...row.cells].slice(1)) {
        if (cell.hasChildNodes())
          cell.replaceChildren(element('a', { href: `#${anchor({ kernel, object })}/r/${ref}` }, ...cell.childNodes));
        kernel += cell.colSpan;
      }
    }
  };
  document.addEventListener(
    'toggle',
    (event) => {
      if (!(event.target instanceof HTMLDetailsElement) || !event.target.open) return;
      const map = event.target.querySelector<HTMLTableElement>('table.map:not([data-linked])');
      if (map) link(map);
    },
    true,
  );
}
