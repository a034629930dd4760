// The head of a view: its links, and its title.
import { copyLinkButton } from './copy.ts';
import { type Child, element } from './dom.ts';

/** A link that also has a key; `data-go` names it for the keys. */
export function stepLink(step: 'up' | 'previous' | 'next' | 'compare', href: string, text: string, title?: string): HTMLElement {
  const name = { up: text, previous: `← ${text}`, next: `${text} →`, compare: text }[step];
  return element('a', { href, 'data-go': step, ...(title !== undefined && { title }) }, name);
}

/** A line of facts below the title. */
export function factLine(...children: readonly Child[]): HTMLElement {
  return element('small', { class: 'facts' }, ...children);
}

interface ViewHead {
  /** The address of the matrix with its last filter. */
  up: string;
  links: readonly Child[];
  title: readonly Child[];
}

/** The head: a link back to the matrix, other links, and the title, which takes the focus. */
export function viewHead({ up, links, title }: ViewHead): HTMLElement {
  return element(
    'div',
    { class: 'view-head' },
    element('nav', { 'aria-label': 'Report' }, stepLink('up', up, 'Matrix'), links, copyLinkButton()),
    element('h2', { tabindex: '-1' }, title),
  );
}
