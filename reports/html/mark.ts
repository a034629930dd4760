// Marks: a shape and a word in the colour of a status, an outcome or a change.
import type { Status } from '../../harness/base/vocabulary.ts';
import { html, type Html } from './html.ts';
import { type Look, STATUS_LOOKS } from './shared/looks.ts';

/** A mark; readers aloud hear only its word, after a number when there are several. */
export function lookMark({ tone, shape, word }: Look, count?: number): Html {
  return html`<span class="mark ${tone}"><span aria-hidden="true">${shape}</span> ${count !== undefined && `${count} `}${word}</span>`;
}

/** The mark of a status. */
export function statusMark(status: Status, count?: number): Html {
  return lookMark(STATUS_LOOKS[status], count);
}
