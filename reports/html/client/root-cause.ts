// The explanation of a root cause. The list of causes contains it, and a cell shows a copy for its kernel.
import { causeAddress } from '../shared/addresses.ts';
import { copyButton } from './copy.ts';
import { element } from './dom.ts';
import { itemAt, pageData } from './page.ts';

/** A copy of the explanation of a root cause, without the parts for other kernels; null if the page has no such explanation. */
export function rootCauseCopy(fingerprint: string | null, kernel: number): HTMLElement | null {
  if (fingerprint === null) return null;
  const copy = document.querySelector(`#overview details.why[data-cause="${CSS.escape(fingerprint)}"]`)?.cloneNode(true);
  if (!(copy instanceof HTMLDetailsElement)) return null;
  const id = copy.id || causeAddress(fingerprint);
  copy.removeAttribute('id');
  copy.open = true;
  const { anchor } = itemAt(pageData().kernels, kernel);
  for (const item of copy.querySelectorAll<HTMLElement>('li[data-on]')) if (!item.dataset['on']?.split(' ').includes(anchor)) item.remove();
  copy.append(element('p', {}, element('a', { href: `#${id}` }, 'All programs and kernels with this cause')));
  return copy;
}

/** Adds a copy button to every snippet when its fold is first opened. A button in the markup would do nothing without this script. */
export function copySnippets(): void {
  const onToggle = ({ target: fold }: Event) => {
    if (!(fold instanceof HTMLDetailsElement) || !fold.open || !fold.matches('.why')) return;
    const box = fold.querySelector('.copy');
    if (!box || box.querySelector('button')) return;
    box.append(copyButton('Copy', () => box.querySelector('pre')?.textContent ?? ''));
  };
  document.addEventListener('toggle', onToggle, true);
}
