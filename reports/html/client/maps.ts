// Cells of the relocation maps become links to what changed there, when they are first seen: as markup they would be half of the page.
import type { Tools } from './tools.ts';

/** Waits for maps to be opened. A stretch of kernels leads to the pair of neighbours between which it begins. */
export function linkMaps(tools: () => Tools): void {
  const link = (map: HTMLTableElement) => {
    const { data, element } = tools();
    const object = data.objects.findIndex((each) => each.anchor === map.dataset['object']);
    map.dataset['linked'] = '';
    for (const [ref, row] of [...(map.tBodies[0]?.rows ?? [])].entries()) {
      let kernel = 0;
      for (const cell of [...row.cells].slice(1)) {
        const next = kernel + cell.colSpan;
        // What changed on its first kernel; of the first stretch, what changed after its last one.
        const [left, right] = kernel > 0 ? [kernel - 1, kernel] : [Math.max(0, next - 1), Math.min(next, data.kernels.length - 1)];
        const address = `#relo/${data.objects[object]?.anchor}/${ref}/${data.kernels[left]?.anchor}/${data.kernels[right]?.anchor}`;
        if (cell.hasChildNodes()) cell.replaceChildren(element('a', { href: address }, ...cell.childNodes));
        kernel = next;
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
