// Finds the place of a JSON syntax error, which JSON.parse does not report for every error.

/** Whether text is JSON or the beginning of JSON: a parser that fails at the very end found no fault before it. */
function couldGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /at position (\d+)/.exec(message)?.[1];
    return position === undefined ? message.includes('end of JSON') : Number(position) >= text.length;
  }
}

export interface JsonError {
  /** Both from 1, columns in UTF-16 units. */
  line: number;
  column: number;
  /** The invalid character; null if the text ends too early. */
  found: string | null;
}

/** The first place where a text that JSON.parse refuses is not JSON. */
export function findJsonError(text: string): JsonError {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (couldGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  const before = text.slice(0, good).split('\n');
  const code = text.codePointAt(good);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, found: code === undefined ? null : String.fromCodePoint(code) };
}
