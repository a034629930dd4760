/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// What runs in the reader's browser. Only its text is used: it must need nothing from outside itself.

/** Opens what a link points to, renders logs when they are opened, filters the matrix, copies commands. */
export function client(): void {
  const data: { lines: string[]; texts: Record<string, number[]> } = JSON.parse(document.getElementById('logs')?.textContent ?? '{}');
  const search = document.querySelector<HTMLInputElement>('#search');
  const count = document.getElementById('found');
  let only = 'all';
  document.body.classList.remove('no-script');

  const renderLog = (log: HTMLElement) => {
    const id = log.dataset['log'] ?? '';
    if (log.querySelector('pre')) return;
    const block = document.createElement('pre');
    for (const [index, number] of (data.texts[id] ?? []).entries()) {
      const line = document.createElement('span');
      line.className = 'line';
      line.dataset['n'] = String(index + 1);
      line.textContent = data.lines[number] ?? '';
      block.append(line);
    }
    log.append(block);
  };

  const words = (query: string) =>
    [...query.matchAll(/(!?)(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/g)].map(([, not, key, quoted, plain]) => ({
      not: not === '!',
      key: key ?? '',
      text: (quoted ?? plain ?? '').toLowerCase(),
    }));

  const textOf = (row: HTMLElement, key: string) => {
    const { object = '', program = '', statuses = '', classes = '' } = row.dataset;
    if (key === 'o') return object.toLowerCase();
    if (key === 'p') return program.toLowerCase();
    if (key === 's') return ` ${statuses} `;
    if (key === 'class') return classes;
    return `${object} ${program} ${statuses} ${classes} ${row.textContent ?? ''}`.toLowerCase();
  };

  const wanted = (row: HTMLElement) => {
    if (only === 'failures' && !/\b(fail|xpass|infra)\b/.test(` ${row.dataset['statuses']?.replace('xfail', '') ?? ''} `)) return false;
    if (only === 'differs' && row.dataset['differs'] !== 'yes') return false;
    return words(search?.value ?? '').every(({ not, key, text }) => textOf(row, key).includes(key === 's' ? ` ${text} ` : text) !== not);
  };

  const filter = () => {
    let found = 0;
    for (const body of document.querySelectorAll<HTMLElement>('#matrix tbody')) {
      let shown = 0;
      for (const row of body.querySelectorAll<HTMLElement>('tr[data-program]')) {
        const show = wanted(row);
        row.classList.toggle('hidden', !show);
        if (show) shown += 1;
      }
      body.classList.toggle('hidden', shown === 0);
      found += shown;
    }
    if (count) count.textContent = `${found} programs`;
  };

  const state = () => {
    const parameters = new URLSearchParams();
    if (search?.value) parameters.set('q', search.value);
    if (only !== 'all') parameters.set('only', only);
    const text = parameters.toString();
    history.replaceState(null, '', text === '' ? '#' : `#?${text}`);
  };

  const choose = (name: string) => {
    only = name;
    for (const button of document.querySelectorAll<HTMLElement>('[data-only]')) {
      button.setAttribute('aria-pressed', String(button.dataset['only'] === name));
    }
  };

  const follow = () => {
    const fragment = decodeURIComponent(location.hash.slice(1));
    if (fragment.startsWith('?')) {
      const parameters = new URLSearchParams(fragment.slice(1));
      if (search) search.value = parameters.get('q') ?? '';
      choose(parameters.get('only') ?? 'all');
      filter();
      return;
    }
    const target = fragment === '' ? null : document.getElementById(fragment);
    for (let box = target?.closest('details'); box; box = box.parentElement?.closest('details') ?? null) box.open = true;
    target?.scrollIntoView({ block: 'start' });
  };

  const copy = async (button: HTMLElement) => {
    const text = button.parentElement?.querySelector('pre')?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages from disk or over plain http have no clipboard of their own.
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
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
      state();
    } else void copy(target);
  });
  search?.addEventListener('input', () => {
    filter();
    state();
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && typing) search?.blur();
    if (typing) return;
    const actions: Record<string, () => void> = {
      '/': () => search?.focus(),
      f: () => document.querySelector<HTMLElement>('[data-only=failures]')?.click(),
      d: () => document.querySelector<HTMLElement>('[data-only=differs]')?.click(),
      a: () => document.querySelector<HTMLElement>('[data-only=all]')?.click(),
      '?': () => document.querySelector<HTMLDialogElement>('#keys')?.showModal(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  addEventListener('hashchange', follow);
  filter();
  follow();
}
