// HTML by tagged template: whatever is put in is escaped, unless it was made by this template itself.
import { visibleText } from '../../harness/base/visible.ts';

const RAW = Symbol('html');

/** Markup that may stand in a page as it is. */
export interface Html {
  readonly [RAW]: string;
}

type Value = Html | string | number | null | undefined | false | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Foreign text as text: markup escaped, control characters and what turns the direction of text shown by their code. */
function escapeHtml(text: string): string {
  return visibleText(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
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

const COMPACT = new WeakMap<TemplateStringsArray, readonly string[]>();

/** The parts of a template without its indentation, which would be half of a large page. */
function compact(parts: TemplateStringsArray): readonly string[] {
  const known = COMPACT.get(parts) ?? parts.map((part) => part.replaceAll(/\s*\n\s*/g, '\n'));
  COMPACT.set(parts, known);
  return known;
}

/** Markup with values put in: strings are escaped, lists joined, null, undefined and false left out. Its own line breaks are only spaces. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return raw(
    compact(parts)
      .map((part, index) => part + textOf(values[index] ?? ''))
      .join(''),
  );
}

/** The text of a page or a part of it. */
export function toText(page: Html): string {
  return page[RAW];
}
