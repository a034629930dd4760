// What keys do: some in the matrix, some in a cell, some everywhere.
import type { MatrixControl } from './matrix.ts';

/** Listens to keys; those with Control, Alt or Meta belong to the browser, those in a field to the field. */
export function listenToKeys(matrix: MatrixControl): void {
  const sheet = document.querySelector<HTMLDialogElement>('#keys');
  const press = (selector: string) => () => document.querySelector<HTMLElement>(selector)?.click();
  const inMatrix: Record<string, () => void> = {
    '/': () => document.querySelector<HTMLElement>('#search')?.focus(),
    f: press('[data-only=failures]'),
    d: press('[data-only=differs]'),
    a: press('[data-only=all]'),
  };
  const inView: Record<string, () => void> = {
    Escape: press('[data-go=up]'),
    '[': press('[data-go=previous]'),
    ']': press('[data-go=next]'),
    c: press('[data-go=compare]'),
  };
  const everywhere: Record<string, () => void> = { '?': () => sheet?.showModal(), t: press('#theme') };
  document.querySelector('#show-keys')?.addEventListener('click', () => sheet?.showModal());
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || sheet?.open) return;
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const viewing = document.body.classList.contains('viewing');
    const action = [viewing ? inView : inMatrix, everywhere].find((actions) => Object.hasOwn(actions, event.key))?.[event.key];
    if (!action && (viewing || !matrix.move(event.key))) return;
    event.preventDefault();
    action?.();
  });
}
