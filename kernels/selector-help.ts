// The forms of selectors in help and errors. All texts are made from the sources.
import { SOURCES } from './registry.ts';
import type { SelectorForm } from './sources/source.ts';

/** The forms of all sources. */
export function selectorForms(): SelectorForm[] {
  return SOURCES.flatMap(({ forms }) => forms);
}

/** A selector, quoted for a shell if necessary. */
function shellWord(selector: string): string {
  return /[<>*?()\s]/.test(selector) ? `"${selector}"` : selector;
}

/** One form of each source on one line: `debian:6.12, deb:PATH or file:PATH`. */
export function firstForms(): string {
  const forms = SOURCES.map(({ forms: [first] }) => shellWord(first.selector));
  return [forms.slice(0, -1).join(', '), ...forms.slice(-1)].filter((part) => part !== '').join(' or ');
}

/** Lines in two columns: a form and its meaning. */
export function formLines(forms: readonly SelectorForm[]): string[] {
  const words = forms.map(({ selector }) => shellWord(selector));
  const width = Math.max(...words.map((word) => word.length));
  return forms.map(({ meaning }, index) => `${(words[index] ?? '').padEnd(width)}  ${meaning}`);
}
