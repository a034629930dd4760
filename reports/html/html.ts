// HTML by tagged template: whatever is put in is escaped, unless it was made by this template itself.

const RAW = Symbol('html');

/** Markup that may stand in a page as it is. */
export interface Html {
  readonly [RAW]: string;
}

type Value = Html | string | number | null | undefined | false | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Characters that are not allowed in HTML text, and those that turn the direction of text and so make it read as another. */
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;

/** Foreign text as text: markup escaped, control characters shown as U+XXXX. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll(INVISIBLE, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function isHtml(value: Value): value is Html {
  return typeof value === 'object' && value !== null && RAW in value;
}

function textOf(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (isHtml(value)) return value[RAW];
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(textOf).join('');
}

/** Marks text as markup: only for text that this program wrote itself. */
export function raw(text: string): Html {
  return { [RAW]: text };
}

/** Markup with values put in: strings are escaped, lists joined, null, undefined and false left out. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return raw(parts.map((part, index) => part + textOf(values[index] ?? '')).join(''));
}

/** The text of a page or a part of it. */
export function toText(page: Html): string {
  return page[RAW];
}
