// A log to read: numbered lines that are links, a search, a way to what went wrong, long lines wrapped or not.
import type { LogData, ObjectData } from '../shared/page-data.ts';
import type { Place, Tools } from './tools.ts';

/** Position of the line that tells what went wrong; -1 where none does. The last of those libbpf or the verifier give up with, else of the kernel. */
export function firstTrouble(lines: readonly string[]): number {
  const signs = [
    /invalid|not allowed|unknown func|cannot|unbounded|too (?:large|many|complex)|math between|R\d+ |unreachable|failed to resolve|misaligned/i,
    /failed|error|BUG|Oops|panic|WARNING|-E[A-Z]{3,}|rejected|no such/,
  ];
  const plain = (line: string) => /^(?:processed \d|\d+: \(|; |from \d|R\d+_?w?=|\d+: R)/.test(line);
  for (const sign of signs) {
    const at = lines.findLastIndex((line) => !plain(line) && sign.test(line));
    if (at >= 0) return at;
  }
  return -1;
}

/** A log in a fold; its lines are laid out when it is opened or asked for by the event `fill`. */
export function logFold(
  tools: Tools,
  place: Place,
  data: ObjectData,
  { title, anchor, text }: LogData,
  trouble: typeof firstTrouble,
): HTMLElement {
  const { element } = tools;
  const lines = tools.logLines(data, text);
  const size = `${lines.length} line${lines.length === 1 ? '' : 's'}`;
  const fold = element(
    'details',
    { class: 'log', id: `${tools.anchor(place)}/log/${anchor}` },
    element('summary', {}, `${title} `, element('small', {}, size)),
  );
  // What went wrong is at the end; more lines than this are slow to lay out.
  const first = Math.max(0, lines.length - 10_000);
  const goTo = (at: number) => {
    for (const marked of fold.querySelectorAll('.marked')) marked.classList.remove('marked');
    const line = document.getElementById(`${fold.id}/L${at + 1}`);
    line?.classList.add('marked');
    line?.scrollIntoView({ block: 'center' });
  };

  const search = (block: HTMLElement): HTMLElement => {
    const count = element('small', { 'aria-live': 'polite' });
    const field = element('input', { type: 'search', 'aria-label': `Search in ${title}`, placeholder: 'search', spellcheck: 'false' });
    let found: number[] = [];
    let shown = -1;
    const show = (step: number) => {
      shown = found.length === 0 ? -1 : (shown + step + found.length) % found.length;
      count.textContent = found.length === 0 ? 'nothing' : `${shown + 1} of ${found.length}`;
      const at = found[shown];
      if (at !== undefined) goTo(at);
    };
    field.addEventListener('input', () => {
      const wanted = field instanceof HTMLInputElement ? field.value.toLowerCase() : '';
      found = wanted === '' ? [] : lines.flatMap((line, at) => (at >= first && line.toLowerCase().includes(wanted) ? [at] : []));
      shown = -1;
      if (wanted === '') count.textContent = '';
      else show(1);
    });
    field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      show(event.shiftKey ? -1 : 1);
    });
    const wrap = element('button', { type: 'button', class: 'quiet-button', 'aria-pressed': 'false' }, 'Wrap');
    wrap.addEventListener('click', () => {
      wrap.setAttribute('aria-pressed', String(block.classList.toggle('wrapped')));
    });
    const telling = trouble(lines);
    const jump = element('button', { type: 'button', class: 'quiet-button' }, 'Go to error');
    jump.addEventListener('click', () => goTo(telling));
    return element(
      'p',
      { class: 'log-tools' },
      field,
      count,
      telling >= first && jump,
      wrap,
      tools.copyButton('Copy log', () => `${lines.join('\n')}\n`),
    );
  };

  const fill = () => {
    if (fold.querySelector('pre')) return;
    const block = element('pre', { tabindex: '0', 'aria-label': title });
    if (first > 0) block.append(`… ${first} lines before these are in logs/ beside this file\n`);
    for (const [index, line] of lines.slice(first).entries()) {
      const id = `${fold.id}/L${first + index + 1}`;
      block.append(element('span', { class: 'line', id }, element('a', { href: `#${id}` }, String(first + index + 1)), line, '\n'));
    }
    fold.append(search(block), block);
  };
  fold.addEventListener('toggle', fill);
  fold.addEventListener('fill', fill);
  return fold;
}
