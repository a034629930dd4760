// The bar above the matrix: the query and the choice of rows. The address of the page contains both, too.
import type { Filtered, Matrix, Rows } from './matrix.ts';

export interface Bar {
  /** Filters by the part of an address after `?`. */
  restore: (parameters: URLSearchParams) => void;
  /** The address of the matrix with the current filter. */
  address: () => string;
}

/** The choice of rows for a name in an address or in the markup. */
function rowsOf(name: string | null | undefined): Rows {
  return name === 'failures' || name === 'differs' ? name : 'all';
}

function addressOf(query: string, rows: Rows): string {
  const parameters = new URLSearchParams();
  if (query !== '') parameters.set('q', query);
  if (rows !== 'all') parameters.set('only', rows);
  return `#?${parameters.toString()}`;
}

/** Shows how many programs match, and the button that clears the filter if there is one. */
function showCount({ shown, all }: Filtered, isFiltered: boolean): void {
  const count = document.getElementById('found');
  if (count) count.textContent = shown === all ? `${all} programs` : `${shown} of ${all} programs`;
  document.getElementById('clear')?.classList.toggle('hidden', !isFiltered);
}

function pressButton(rows: Rows): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-only]')) {
    button.setAttribute('aria-pressed', String(button.dataset['only'] === rows));
  }
}

/** Finds the bar in the page and listens to it. */
export function controlBar(matrix: Matrix): Bar {
  const search = document.querySelector<HTMLInputElement>('#search');
  let rows: Rows = 'all';
  const query = () => search?.value ?? '';
  const address = () => addressOf(query(), rows);
  const filter = () => showCount(matrix.filter(query(), rows), query() !== '' || rows !== 'all');
  const choose = (name: string | null | undefined) => {
    rows = rowsOf(name);
    pressButton(rows);
    filter();
  };

  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('[data-only], #clear') : null;
    if (!button) return;
    if (button.id === 'clear' && search) {
      search.value = '';
      search.focus();
    }
    choose(button.dataset['only']);
    if (address() !== location.hash) history.pushState(null, '', address());
  });
  // All letters that are typed without a pause are one step in the history of the browser.
  search?.addEventListener('input', () => {
    filter();
    if (address() !== location.hash) history.replaceState(null, '', address());
  });
  const restore: Bar['restore'] = (parameters) => {
    if (search) search.value = parameters.get('q') ?? '';
    choose(parameters.get('only'));
  };
  return { restore, address };
}
