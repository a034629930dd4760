// The difference of two texts, line by line, as `diff -u` shows it.

export interface Line {
  sign: ' ' | '-' | '+';
  text: string;
}

/**
 * The shortest edit from one list of lines to another.
 * @see Myers, "An O(ND) Difference Algorithm and Its Variations", 1986
 */
export function edits(from: readonly string[], to: readonly string[]): Line[] {
  const trace: Map<number, number>[] = [];
  let reach = new Map<number, number>([[1, 0]]);
  const at = (map: Map<number, number>, key: number) => map.get(key) ?? -1;
  for (let steps = 0; ; steps++) {
    trace.push(new Map(reach));
    const next = new Map(reach);
    for (let diagonal = -steps; diagonal <= steps; diagonal += 2) {
      const down = diagonal === -steps || (diagonal !== steps && at(next, diagonal - 1) < at(next, diagonal + 1));
      let x = down ? at(next, diagonal + 1) : at(next, diagonal - 1) + 1;
      while (x < from.length && x - diagonal < to.length && from[x] === to[x - diagonal]) x += 1;
      next.set(diagonal, x);
      if (x >= from.length && x - diagonal >= to.length) return backtrack(trace, from, to);
    }
    reach = next;
  }
}

function backtrack(trace: readonly Map<number, number>[], from: readonly string[], to: readonly string[]): Line[] {
  const lines: Line[] = [];
  let [x, y] = [from.length, to.length];
  for (const [steps, reach] of [...trace.entries()].toReversed()) {
    const diagonal = x - y;
    const at = (key: number) => reach.get(key) ?? -1;
    const down = diagonal === -steps || (diagonal !== steps && at(diagonal - 1) < at(diagonal + 1));
    const previous = down ? diagonal + 1 : diagonal - 1;
    const [startX, startY] = steps === 0 ? [0, 0] : [at(previous), at(previous) - previous];
    while (x > startX && y > startY) {
      lines.push({ sign: ' ', text: from[x - 1] ?? '' });
      x -= 1;
      y -= 1;
    }
    if (steps === 0) break;
    lines.push(down ? { sign: '+', text: to[y - 1] ?? '' } : { sign: '-', text: from[x - 1] ?? '' });
    [x, y] = [startX, startY];
  }
  return lines.toReversed();
}

/** The differing lines, each with its sign, and `context` lines around them; `...` for omitted lines. '' for equal texts. */
export function lineDiff(from: string, to: string, context = 2): string {
  if (from === to) return '';
  const lines = edits(from.split('\n'), to.split('\n'));
  const near = lines.map((_, index) => lines.slice(Math.max(0, index - context), index + context + 1).some(({ sign }) => sign !== ' '));
  const shown: string[] = [];
  for (const [index, { sign, text }] of lines.entries()) {
    if (near[index] === true) shown.push(`${sign} ${text}`.trimEnd());
    else if (shown.at(-1) !== '...') shown.push('...');
  }
  return `${shown.join('\n')}\n`;
}
