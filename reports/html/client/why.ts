// What triage says stands in the list of causes; a cell shows the same for its kernel.
import type { Tools } from './tools.ts';

/** A copy of what is said of a root cause, without what is said of other kernels; null where nothing is said. */
export function whyOf(tools: Tools, fingerprint: string | null, kernel: number): HTMLElement | null {
  const said =
    fingerprint === null ? null : document.querySelector<HTMLElement>(`#overview details.why[data-cause="${CSS.escape(fingerprint)}"]`);
  const copy = said?.cloneNode(true);
  if (!(copy instanceof HTMLDetailsElement)) return null;
  const { id } = copy;
  copy.removeAttribute('id');
  copy.open = true;
  const anchor = tools.data.kernels[kernel]?.anchor ?? '';
  for (const item of copy.querySelectorAll<HTMLElement>('li[data-on]')) if (!item.dataset['on']?.split(' ').includes(anchor)) item.remove();
  copy.append(
    tools.element('p', {}, tools.element('a', { href: `#${id || `cause/${fingerprint}`}` }, 'All programs and kernels with this cause')),
  );
  return copy;
}

/** Puts a button beside every snippet that comes into sight: as markup it would do nothing without a script. */
export function copySnippets(tools: () => Tools): void {
  document.addEventListener(
    'toggle',
    (event) => {
      const fold = event.target;
      if (!(fold instanceof HTMLDetailsElement) || !fold.open || !fold.matches('.why')) return;
      const box = fold.querySelector<HTMLElement>('.copy');
      if (!box || box.querySelector('button')) return;
      box.append(tools().copyButton('Copy', () => box.querySelector('pre')?.textContent ?? ''));
    },
    true,
  );
}
