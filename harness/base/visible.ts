// Foreign text made safe for outputs: what could act on a terminal, hide or turn text is shown, never passed on.

/** Controls, format characters (direction, zero width, tags), line and paragraph separators, lone surrogates, noncharacters of XML. */
export const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu;

/** What a CI system takes from a log as a command: `::error::` at the start of a line, `##[error]` and `##vso[...]` anywhere. */
const COMMAND = /^\s*:(?=:)|#(?=#[\w.]*\[)/g;

function written(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}

/** One line of text in which everything unsafe, CI commands too, is written as \xNN, \uNNNN or \u{N}. */
export function visible(text: string): string {
  return text.replaceAll(UNSAFE, written).replaceAll(COMMAND, (start) => start.slice(0, -1) + written(start.slice(-1)));
}

/** The same for text of several lines: newlines and tabs stay, a CI command does not matter where this goes. */
export function visibleText(text: string): string {
  return text.replaceAll(UNSAFE, (character) => (character === '\n' || character === '\t' ? character : written(character)));
}

/** Cuts text to a width and marks the cut with an ellipsis. */
export function shortened(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
