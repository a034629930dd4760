// Makes foreign text safe for outputs: characters that control a terminal, or hide or reverse text, are shown as escapes.

/** Controls, format characters (direction, zero width, tags), line and paragraph separators, lone surrogates, noncharacters of XML. */
export const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu;

/** Text that a CI system executes as a command in a log: `::error::` at the start of a line, `##[error]` and `##vso[...]` anywhere. */
const COMMAND = /^\s*:(?=:)|#(?=#[\w.]*\[)/g;

function written(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}

/** Escapes one line of text: unsafe characters and CI commands are written as \xNN, \uNNNN or \u{N}. */
export function visible(text: string): string {
  return text.replaceAll(UNSAFE, written).replaceAll(COMMAND, (start) => start.slice(0, -1) + written(start.slice(-1)));
}

/** Escapes text of several lines. Newlines, tabs and CI commands stay: such text never goes into a CI log. */
export function visibleText(text: string): string {
  return text.replaceAll(UNSAFE, (character) => (character === '\n' || character === '\t' ? character : written(character)));
}

/** Cuts text to a width and marks the cut with an ellipsis. */
export function shortened(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
