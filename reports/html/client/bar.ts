// The bar above the matrix: what is typed and chosen there is the address of the page.
import type { MatrixControl } from './matrix.ts';

interface BarControl {
  /** Filters by what an address says after `?`. */
  restore: (parameters: URLSearchParams) => void;
  /** The address of the matrix as it is filtered now. */
  address: () => string;
}

/** Takes hold of the bar in the page. */
export function barControl(matrix: MatrixControl): BarControl {
  const search = document.querySelector<HTMLInputElement>('#search');
  let only = 'all';

  const filter = () => {
    const { shown, all } = matrix.filter(search?.value ?? '', only);
    const count = document.getElementById('found');
    if (count) count.textContent = shown === all ? `${all} programs` : `${shown} of ${all} programs`;
    document.getElementById('clear')?.classList.toggle('hidden', !search?.value && only === 'all');
  };
  const choose = (name: string) => {
    only = ['failures', 'differs'].includes(name) ? name : 'all';
    for (const button of document.querySelectorAll<HTMLElement>('[data-only]')) {
      button.setAttribute('aria-pressed', String(button.dataset['only'] === only));
    }
  };
  const address = () => {
    const parameters = new URLSearchParams();
    if (search?.value) parameters.set('q', search.value);
    if (only !== 'all') parameters.set('only', only);
    return `#?${parameters.toString()}`;
  };
  /** A step back in the history leads to what was chosen before; letters typed one after the other are one step. */
  const remember = (step: 'push' | 'replace') => {
    if (address() === location.hash) return;
    if (step === 'push') history.pushState(null, '', address());
    else history.replaceState(null, '', address());
  };

  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-only], #clear') : null;
    if (!button) return;
    if (button.id === 'clear' && search) {
      search.value = '';
      search.focus();
    }
    choose(button.dataset['only'] ?? 'all');
    filter();
    remember('push');
  });
  search?.addEventListener('input', () => {
    filter();
    remember('replace');
  });
  const restore: BarControl['restore'] = (parameters) => {
    if (search) search.value = parameters.get('q') ?? '';
    choose(parameters.get('only') ?? 'all');
    filter();
  };
  return { restore, address };
}
