// What the reader sees: the overview, or a view in its place.

/** What the overview is to be again when the reader comes back. */
let left: { scroll: number; focus: Element | null } | null = null;

const view = () => document.querySelector<HTMLElement>('#view');

/** Shows the overview as it was left. */
export function showOverview(): void {
  if (!document.body.classList.contains('viewing')) return;
  document.body.classList.remove('viewing');
  view()?.replaceChildren();
  scrollTo(0, left?.scroll ?? 0);
  if (left?.focus instanceof HTMLElement) left.focus.focus({ preventScroll: true });
  left = null;
}

/** Shows a view in place of the overview, or of another view; its title takes the focus. */
export function showView(...parts: readonly HTMLElement[]): void {
  left ??= { scroll: scrollY, focus: document.activeElement };
  document.body.classList.add('viewing');
  view()?.replaceChildren(...parts);
  scrollTo(0, 0);
  view()?.querySelector<HTMLElement>('h2')?.focus({ preventScroll: true });
}

/** A message to the reader, in place of an earlier one; '' for none. */
export function say(text: string): void {
  const notice = document.getElementById('notice');
  if (notice) notice.textContent = text;
}

/** Tells the reader that the address leads nowhere. */
export function sayNothingThere(): void {
  say(`There is nothing in this report at “${location.hash}”.`);
}

export function removeMarks(): void {
  for (const marked of document.querySelectorAll('.marked')) marked.classList.remove('marked');
}

/** Opens and marks the thing with this id; tells the reader when there is none. */
export function showTarget(id: string): void {
  // A line of a log is there only once the log is filled.
  document.getElementById(id.replace(/\/L\d+$/, ''))?.dispatchEvent(new Event('fill'));
  const target = document.getElementById(id);
  if (!target) {
    sayNothingThere();
    return;
  }
  target.classList.add('marked');
  for (let box = target.closest('details'); box; box = box.parentElement?.closest('details') ?? null) box.open = true;
  target.scrollIntoView({ block: target.classList.contains('line') ? 'center' : 'start' });
}
