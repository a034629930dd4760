// Short functions that make elements of the page.
import type { Look } from '../shared/looks.ts';

export type Child = Node | string | null | undefined | false | readonly Child[];
type Attributes = Readonly<Record<string, string>>;

/** Makes an element. Children that are null, undefined or false are ignored. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  const put = (child: Child): void => {
    if (Array.isArray(child)) child.forEach(put);
    else if (typeof child === 'string' || child instanceof Node) made.append(child);
  };
  put(children);
  return made;
}

/** A shape and a word in the colour of a status or an outcome. */
export function mark({ shape, word, tone }: Look, text = word): HTMLElement {
  return element('span', { class: `mark ${tone}` }, element('span', { 'aria-hidden': 'true' }, shape), ` ${text}`);
}

/** Text of C or of a log. */
export function code(text: string): HTMLElement {
  return element('code', {}, text);
}

/** A short line below or beside other text. */
export function small(...children: readonly Child[]): HTMLElement {
  return element('small', {}, ...children);
}

/** A note in a quiet colour. */
export function note(text: Child): HTMLElement {
  return element('p', { class: 'expected' }, text);
}

/** A button without a frame. */
export function quietButton(label: string, attributes: Attributes = {}): HTMLButtonElement {
  return element('button', { type: 'button', class: 'quiet-button', ...attributes }, label);
}

/** A box that scrolls if its content is too wide. Screen readers read the label. */
export function scrollBox(label: string, content: Child): HTMLElement {
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label }, content);
}

interface Table {
  class: string;
  head: readonly Child[];
  rows: readonly Child[];
}

/** A table of one head row and other rows. */
export function table({ class: name, head, rows }: Table): HTMLTableElement {
  return element('table', { class: name }, element('thead', {}, element('tr', {}, head)), element('tbody', {}, rows));
}

/** Heads of columns. */
export function columnHeads(texts: readonly string[]): HTMLElement[] {
  return texts.map((text) => element('th', { scope: 'col' }, text));
}

interface Choice {
  label: string;
  options: readonly string[];
  /** Position of the option that is selected at first. */
  at: number;
  onChange: (position: number) => void;
}

/** A choice with a label. */
export function select({ label, options, at, onChange }: Choice): HTMLElement {
  const box = element(
    'select',
    {},
    options.map((name, index) => element('option', index === at ? { selected: '' } : {}, name)),
  );
  box.addEventListener('change', () => onChange(box.selectedIndex));
  return element('label', {}, `${label} `, box);
}
