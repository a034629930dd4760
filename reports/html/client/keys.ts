// The keys of the page: some work in the matrix, some in a view, some everywhere.
import type { Matrix } from './matrix.ts';

type Actions = Readonly<Record<string, () => void>>;

const press = (selector: string) => () => document.querySelector<HTMLElement>(selector)?.click();
const showKeys = () => document.querySelector<HTMLDialogElement>('#keys')?.showModal();

const IN_MATRIX: Actions = {
  '/': () => document.querySelector<HTMLElement>('#search')?.focus(),
  f: press('[data-only=failures]'),
  d: press('[data-only=differs]'),
  a: press('[data-only=all]'),
};

const IN_VIEW: Actions = {
  Escape: press('[data-go=up]'),
  '[': press('[data-go=previous]'),
  ']': press('[data-go=next]'),
  c: press('[data-go=compare]'),
};

const EVERYWHERE: Actions = { '?': showKeys, t: press('#theme') };

/** Listens to keys. It leaves keys with Control, Alt or Meta to the browser, and keys in a field to the field. */
export function listenToKeys(matrix: Matrix): void {
  document.querySelector('#show-keys')?.addEventListener('click', showKeys);
  document.addEventListener('keydown', (event) => {
    const isSheetOpen = document.querySelector<HTMLDialogElement>('#keys')?.open ?? false;
    if (event.ctrlKey || event.metaKey || event.altKey || isSheetOpen) return;
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const isViewing = document.body.classList.contains('viewing');
    const actions = [isViewing ? IN_VIEW : IN_MATRIX, EVERYWHERE].find((each) => Object.hasOwn(each, event.key));
    if (!actions && (isViewing || !matrix.move(event.key))) return;
    event.preventDefault();
    actions?.[event.key]?.();
  });
}
