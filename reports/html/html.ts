// HTML by tagged template: every value is escaped, unless this template made it.
import { visibleText } from '../../harness/base/visible.ts';

const RAW = Symbol('html');

/** Markup that needs no escaping. */
export interface Html {
  readonly [RAW]: string;
}

type Value = Html | string | number | null | undefined | false | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Untrusted text: markup is escaped; control and direction characters are shown by their code. */
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

/** Marks text as markup. Only for text that this program wrote. */
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

/** Markup with values: strings are escaped, lists joined; null, undefined and false are skipped. Line breaks of the template become spaces. */
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
