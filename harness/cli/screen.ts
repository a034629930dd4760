// What a stream can show: its size, colours, and lines that are drawn again.

/** Of a terminal that does not say its size. */
const UNKNOWN = { width: 80, height: 24 };

/** A size that a terminal or the environment states; null for none. Some pseudo terminals state 0. */
function stated(...sizes: readonly (number | undefined)[]): number | null {
  return sizes.find((size) => size !== undefined && Number.isInteger(size) && size > 0) ?? null;
}

/** What `COLUMNS` or `LINES` in the environment states. */
function fromEnvironment(name: 'COLUMNS' | 'LINES'): number | undefined {
  return process.env[name] === undefined ? undefined : Number(process.env[name]);
}

/**
 * The columns and lines of a stream. Both are infinite without a terminal: nothing is cut in a file or a pipe.
 */
export function sizeOf({ isTTY, columns, rows }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'>): {
  width: number;
  height: number;
} {
  if (!isTTY) return { width: Infinity, height: Infinity };
  return {
    width: stated(columns, fromEnvironment('COLUMNS')) ?? UNKNOWN.width,
    height: stated(rows, fromEnvironment('LINES')) ?? UNKNOWN.height,
  };
}

/**
 * Whether text on the stream is coloured: on terminals other than dumb ones, unless the environment decides. An empty variable decides
 * nothing; FORCE_COLOR comes before NO_COLOR, as in Node.
 * @see https://no-color.org and https://force-color.org
 */
export function isColoured({ isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>): boolean {
  const { FORCE_COLOR: forced = '', NO_COLOR: forbidden = '', TERM: terminal } = process.env;
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return forbidden === '' && isTTY && terminal !== 'dumb';
}

/** Whether a line on the stream can be drawn again. A dumb terminal has no cursor to move. */
export function isLive({ isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>): boolean {
  return isTTY && process.env['TERM'] !== 'dumb';
}
