// Two logs compared line by line.

/** One line of a comparison: in both logs, only in the left one, or only in the right one. */
export interface DiffLine {
  side: 'both' | 'left' | 'right';
  text: string;
}

/**
 * A log line without the numbers that differ between any two loads: addresses, type ids, file descriptors, times, and counts of
 * instructions and states.
 */
export function withoutNoise(line: string): string {
  return line
    .replace(/^\[ *\d+\.\d+\] ?/, '')
    .replace(/^\d+: (?=\(|R\d|safe)/, '')
    .replaceAll(/\b(?:0x)?[0-9a-f]{8,16}\b|\b0x[0-9a-f]+\b/g, '#')
    .replaceAll(/\[\d+\]/g, '[#]')
    .replaceAll(/\bfd[= ]\d+/g, 'fd #')
    .replaceAll(/\bfrom \d+ to \d+/g, 'from # to #')
    .replaceAll(/\bgoto pc[+-]\d+/g, 'goto #')
    .replaceAll(
      /\b(verification time|processed|limit|max_states_per_insn|total_states|peak_states|mark_read|insns_cnt|insn) #?\d+/g,
      '$1 #',
    );
}

/** The keys of two lists of lines, without those that they share at the beginning and at the end. */
interface Middle {
  left: readonly string[];
  right: readonly string[];
}

/** The position on the left that is reached on each diagonal. A diagonal is the left position minus the right one. */
type Reached = ReadonlyMap<number, number>;

/** Whether the best step to a diagonal is a line of the right list, and the left position where the step begins. */
function bestStep(before: Reached, diagonal: number, differences: number): { isRight: boolean; from: number } {
  const [below, above] = [before.get(diagonal + 1) ?? -1, before.get(diagonal - 1) ?? -1];
  const isRight = diagonal === -differences || (diagonal !== differences && above < below);
  return { isRight, from: isRight ? below : above };
}

/** The positions reached with 0, 1, 2... differences, until both ends are reached; null if that takes more than `most` differences. */
function search({ left, right }: Middle, most: number): Reached[] | null {
  const steps: Reached[] = [];
  for (let differences = 0; differences <= most; differences += 1) {
    const before = steps.at(-1) ?? new Map([[1, 0]]);
    const now = new Map<number, number>();
    steps.push(now);
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      const { isRight, from } = bestStep(before, diagonal, differences);
      let x = isRight ? from : from + 1;
      while (x < left.length && x - diagonal < right.length && left[x] === right[x - diagonal]) x += 1;
      now.set(diagonal, x);
      if (x >= left.length && x - diagonal >= right.length) return steps;
    }
  }
  return null;
}

/** A line by its position in the middle of its list: the right list for lines that only that one has, otherwise the left list. */
interface FoundLine {
  side: DiffLine['side'];
  at: number;
}

/** Follows the steps back from both ends and returns the lines in their order. */
function trace({ left, right }: Middle, steps: readonly Reached[]): FoundLine[] {
  const found: FoundLine[] = [];
  let [x, y] = [left.length, right.length];
  const equalUntil = (end: number) => {
    for (; x > end; x -= 1, y -= 1) found.push({ side: 'both', at: x - 1 });
  };
  for (let differences = steps.length - 1; differences > 0; differences -= 1) {
    const { isRight, from } = bestStep(steps[differences - 1] ?? new Map(), x - y, differences);
    equalUntil(isRight ? from : from + 1);
    if (isRight) y -= 1;
    else x -= 1;
    found.push(isRight ? { side: 'right', at: y } : { side: 'left', at: x });
  }
  equalUntil(0);
  return found.toReversed();
}

/** The number of lines that two lists share at their beginning. */
function commonStart(left: readonly string[], right: readonly string[]): number {
  const at = left.findIndex((key, index) => index >= right.length || key !== right[index]);
  return at < 0 ? left.length : at;
}

/**
 * The fewest differences between two lists. Lines are equal if `keyOf` returns the same key; the result has the left one of them.
 * Null if the lists differ in more lines than `most`.
 * @see E. Myers, An O(ND) Difference Algorithm and Its Variations
 */
export function diffLines(
  left: readonly string[],
  right: readonly string[],
  keyOf: (line: string) => string,
  most: number,
): DiffLine[] | null {
  const [a, b] = [left.map(keyOf), right.map(keyOf)];
  const start = commonStart(a, b);
  const end = commonStart(a.slice(start).toReversed(), b.slice(start).toReversed());
  const middle = { left: a.slice(start, a.length - end), right: b.slice(start, b.length - end) };
  const steps = search(middle, most);
  if (!steps) return null;
  const both = (text: string): DiffLine => ({ side: 'both', text });
  return [
    ...left.slice(0, start).map(both),
    ...trace(middle, steps).map(({ side, at }) => ({ side, text: (side === 'right' ? right : left)[start + at] ?? '' })),
    ...left.slice(left.length - end).map(both),
  ];
}
