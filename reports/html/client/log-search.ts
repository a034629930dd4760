// The search in a log: each match in turn.
import { element } from './dom.ts';

interface Search {
  title: string;
  lines: readonly string[];
  /** Position of the first line that is shown. */
  first: number;
  goTo: (position: number) => void;
}

function matches({ lines, first }: Search, text: string): number[] {
  if (text === '') return [];
  return lines.flatMap((line, at) => (at >= first && line.toLowerCase().includes(text) ? [at] : []));
}

/** A search field that shows which match of how many is current. Enter goes to the next match, Shift+Enter to the previous one. */
export function logSearch(search: Search): HTMLElement[] {
  const count = element('small', { 'aria-live': 'polite' });
  const field = element('input', { type: 'search', 'aria-label': `Search in ${search.title}`, placeholder: 'search', spellcheck: 'false' });
  let found: number[] = [];
  let shown = -1;
  const show = (step: number) => {
    shown = found.length === 0 ? -1 : (shown + step + found.length) % found.length;
    count.textContent = found.length === 0 ? 'nothing' : `${shown + 1} of ${found.length}`;
    const position = found[shown];
    if (position !== undefined) search.goTo(position);
  };
  field.addEventListener('input', () => {
    found = matches(search, field.value.toLowerCase());
    shown = -1;
    if (field.value === '') count.textContent = '';
    else show(1);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    show(event.shiftKey ? -1 : 1);
  });
  return [field, count];
}
