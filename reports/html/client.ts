/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// What runs in the reader's browser. Only its text is used: it must need nothing from outside itself.
import type { FilterRow, parseFilter, wantsKernel, wantsRow } from './filter.ts';

interface Language {
  parseFilter: typeof parseFilter;
  wantsKernel: typeof wantsKernel;
  wantsRow: typeof wantsRow;
}

/** Opens what a link points to, renders logs when they are opened, filters the matrix, copies commands. */
export function client(language: Language): void {
  const data: { lines: string[]; texts: Record<string, number[]> } = JSON.parse(document.getElementById('logs')?.textContent ?? '{}');
  const search = document.querySelector<HTMLInputElement>('#search');
  const matrix = document.querySelector<HTMLTableElement>('#matrix');
  const heads = [...document.querySelectorAll<HTMLElement>('#matrix th[data-kernel]')];
  const rows = [...document.querySelectorAll<HTMLTableRowElement>('#matrix tr[data-program]')];
  let only = 'all';
  document.body.classList.remove('no-script');

  /** Cells of a row, without its head and what stands behind them. */
  const cellsOf = (row: HTMLTableRowElement) => [...row.cells].slice(1, 1 + heads.length);

  const seen = new Map(
    rows.map((row) => [
      row,
      cellsOf(row).map((cell) => ({
        status: cell.dataset['s'] ?? '',
        class: cell.dataset['class'] ?? '',
        text: `${cell.textContent ?? ''} ${cell.querySelector('a')?.title ?? ''}`.toLowerCase(),
      })),
    ]),
  );

  const wanted = (row: HTMLTableRowElement, terms: ReturnType<Language['parseFilter']>, shown: readonly boolean[]) => {
    const cells = (seen.get(row) ?? []).filter((cell, index) => shown[index] && cell.status !== '');
    const statuses = cells.map((cell) => cell.status);
    if (only === 'failures' && !statuses.some((status) => ['fail', 'xpass', 'infra'].includes(status))) return false;
    if (only === 'differs' && new Set(statuses).size < 2) return false;
    const { object = '', program = '' } = row.dataset;
    const filtered: FilterRow = {
      object: object.toLowerCase(),
      program: program.toLowerCase(),
      statuses,
      classes: cells.map((cell) => cell.class),
      texts: cells.map((cell) => cell.text),
    };
    return language.wantsRow(terms, filtered);
  };

  // The head of a table stays in sight: while the page scrolls where the table fits, else in a box of its own.
  const fit = () => {
    const box = matrix?.parentElement;
    const fits = (matrix?.offsetWidth ?? 0) <= (box?.clientWidth ?? 0);
    box?.classList.toggle('fits', fits);
    box?.classList.toggle('wide', !fits);
  };

  const filter = () => {
    const terms = language.parseFilter(search?.value ?? '');
    const shown = heads.map((head) => language.wantsKernel(terms, `${head.textContent ?? ''} ${head.dataset['kernel'] ?? ''}`));
    for (const [index, head] of heads.entries()) head.classList.toggle('hidden', !shown[index]);
    let found = 0;
    for (const row of rows) {
      const show = wanted(row, terms, shown);
      row.classList.toggle('hidden', !show);
      for (const [index, cell] of cellsOf(row).entries()) cell.classList.toggle('hidden', !shown[index]);
      if (show) found += 1;
    }
    for (const body of document.querySelectorAll<HTMLElement>('#matrix tbody')) {
      body.classList.toggle('hidden', !body.querySelector('tr[data-program]:not(.hidden)'));
    }
    const count = document.getElementById('found');
    fit();
    if (count) count.textContent = found === rows.length ? `${found} programs` : `${found} of ${rows.length} programs`;
  };

  const choose = (name: string) => {
    only = ['failures', 'differs'].includes(name) ? name : 'all';
    for (const button of document.querySelectorAll<HTMLElement>('[data-only]')) {
      button.setAttribute('aria-pressed', String(button.dataset['only'] === only));
    }
  };

  /** The filter as the address of the page; a step back in the history leads to the one before. */
  const remember = (step: 'push' | 'replace') => {
    const parameters = new URLSearchParams();
    if (search?.value) parameters.set('q', search.value);
    if (only !== 'all') parameters.set('only', only);
    const address = `#?${parameters.toString()}`;
    if (address === location.hash) return;
    if (step === 'push') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  };

  const renderLog = (log: HTMLElement) => {
    if (log.querySelector('pre')) return;
    const block = document.createElement('pre');
    const numbers = data.texts[log.dataset['log'] ?? ''] ?? [];
    // What went wrong is at the end; more lines than this are slow to lay out.
    const first = Math.max(0, numbers.length - 10_000);
    if (first > 0) block.append(`… ${first} lines before these are in logs/ beside this file\n`);
    for (const [index, number] of numbers.slice(first).entries()) {
      const line = document.createElement('span');
      line.className = 'line';
      line.id = `${log.id}/L${first + index + 1}`;
      const link = document.createElement('a');
      link.href = `#${line.id}`;
      link.textContent = String(first + index + 1);
      line.append(link, data.lines[number] ?? '', '\n');
      block.append(line);
    }
    log.append(block);
  };

  const open = (inside: Element | null) => {
    for (let box = inside?.closest('details'); box; box = box.parentElement?.closest('details') ?? null) box.open = true;
  };

  const show = (fragment: string) => {
    const log = document.getElementById(fragment.replace(/\/L\d+$/, ''));
    if (log?.dataset['log'] !== undefined) renderLog(log);
    const target = fragment === '' ? null : document.getElementById(fragment);
    for (const marked of document.querySelectorAll('.marked')) marked.classList.remove('marked');
    target?.classList.add('marked');
    open(target);
    target?.scrollIntoView({ block: target.classList.contains('line') ? 'center' : 'start' });
    const notice = document.getElementById('notice');
    if (notice) notice.textContent = fragment === '' || target ? '' : `There is nothing in this report at “${location.hash}”.`;
  };

  const follow = () => {
    let fragment = location.hash.slice(1);
    if (fragment === '' || fragment.startsWith('?')) {
      const parameters = new URLSearchParams(fragment.slice(1));
      if (search) search.value = parameters.get('q') ?? '';
      choose(parameters.get('only') ?? 'all');
      filter();
      fragment = '';
    }
    try {
      show(decodeURIComponent(fragment));
    } catch {
      show(fragment);
    }
  };

  const copy = async (button: HTMLElement) => {
    const text = button.parentElement?.querySelector('pre')?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages over plain http have no clipboard of their own, and others may be denied it.
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
      button.focus();
    }
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1500);
  };

  document.addEventListener(
    'toggle',
    (event) => {
      if (event.target instanceof HTMLDetailsElement && event.target.open && event.target.dataset['log']) renderLog(event.target);
    },
    true,
  );
  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-copy], [data-only]') : null;
    if (!target) return;
    if (target.dataset['only']) {
      choose(target.dataset['only']);
      filter();
      remember('push');
    } else void copy(target);
  });
  search?.addEventListener('input', () => {
    filter();
    remember('replace');
  });
  document.addEventListener('keydown', (event) => {
    const keys = document.querySelector<HTMLDialogElement>('#keys');
    if (event.ctrlKey || event.metaKey || event.altKey || keys?.open) return;
    if (event.target === search) {
      if (event.key === 'Escape') search?.blur();
      return;
    }
    const actions: Record<string, () => void> = {
      '/': () => search?.focus(),
      f: () => document.querySelector<HTMLElement>('[data-only=failures]')?.click(),
      d: () => document.querySelector<HTMLElement>('[data-only=differs]')?.click(),
      a: () => document.querySelector<HTMLElement>('[data-only=all]')?.click(),
      '?': () => keys?.showModal(),
    };
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (!action) return;
    event.preventDefault();
    action();
  });
  addEventListener('hashchange', follow);

  addEventListener('resize', fit);
  filter();
  follow();
}
