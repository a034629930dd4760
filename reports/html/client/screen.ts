// Switches between the overview and a view in its place.

/** The state of the overview to restore when the reader comes back. */
let left: { scroll: number; focus: Element | null } | null = null;

const view = () => document.querySelector<HTMLElement>('#view');

/** Shows the overview as the reader left it. */
export function showOverview(): void {
  if (!document.body.classList.contains('viewing')) return;
  document.body.classList.remove('viewing');
  view()?.replaceChildren();
  scrollTo(0, left?.scroll ?? 0);
  if (left?.focus instanceof HTMLElement) left.focus.focus({ preventScroll: true });
  left = null;
}

/** Shows a view in place of the overview or of another view. The title of the view takes the focus. */
export function showView(...parts: readonly HTMLElement[]): void {
  left ??= { scroll: scrollY, focus: document.activeElement };
  document.body.classList.add('viewing');
  view()?.replaceChildren(...parts);
  scrollTo(0, 0);
  view()?.querySelector<HTMLElement>('h2')?.focus({ preventScroll: true });
}

/** Shows a message in place of an earlier one; '' removes it. */
export function say(text: string): void {
  const notice = document.getElementById('notice');
  if (notice) notice.textContent = text;
}

/** Shows that the address leads nowhere. */
export function sayNothingThere(): void {
  say(`This report has no place with the address “${location.hash}”.`);
}

export function removeMarks(): void {
  for (const marked of document.querySelectorAll('.marked')) marked.classList.remove('marked');
}

/** Opens and marks the element with this id, or shows that there is none. */
export function showTarget(id: string): void {
  // A line of a log exists only after the log is filled.
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
