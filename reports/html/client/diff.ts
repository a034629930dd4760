// Two logs side by side, line by line. The text of these functions goes into the page: each must need nothing from outside itself.

/** One line of a comparison: in both logs, only in the left one, or only in the right one. */
export interface DiffLine {
  side: 'both' | 'left' | 'right';
  text: string;
}

/**
 * A line of a log of libbpf, the verifier or the kernel without what differs between any two loads: addresses, type ids, file descriptors,
 * times, numbers of instructions and states.
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

/**
 * The shortest way from one list of lines to the other, lines being equal when what `keyOf` makes of them is; of equal lines the left is given.
 * Null when they differ in more lines than `most`.
 * @see E. Myers, An O(ND) Difference Algorithm and Its Variations
 */
export function diffLines(
  left: readonly string[],
  right: readonly string[],
  keyOf: (line: string) => string,
  most: number,
): DiffLine[] | null {
  const [a, b] = [left.map(keyOf), right.map(keyOf)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [height, width] = [a.length - start - end, b.length - start - end];

  /** How far down the left list each diagonal has come, after each number of differences. */
  const reached: Map<number, number>[] = [];
  let found = false;
  for (let differences = 0; !found; differences += 1) {
    if (differences > most) return null;
    const before = reached.at(-1) ?? new Map<number, number>([[1, 0]]);
    const now = new Map<number, number>();
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      const [below, above] = [before.get(diagonal + 1) ?? -1, before.get(diagonal - 1) ?? -1];
      let x = diagonal === -differences || (diagonal !== differences && above < below) ? below : above + 1;
      while (x < height && x - diagonal < width && a[start + x] === b[start + x - diagonal]) x += 1;
      now.set(diagonal, x);
      if (x >= height && x - diagonal >= width) found = true;
    }
    reached.push(now);
  }

  const middle: DiffLine[] = [];
  let [x, y] = [height, width];
  for (let differences = reached.length - 1; differences > 0; differences -= 1) {
    const before = reached[differences - 1] ?? new Map<number, number>();
    const diagonal = x - y;
    const [below, above] = [before.get(diagonal + 1) ?? -1, before.get(diagonal - 1) ?? -1];
    const fromRight = diagonal === -differences || (diagonal !== differences && above < below);
    const [px, py] = fromRight ? [below, below - diagonal - 1] : [above, above - diagonal + 1];
    while (x > px && y > py && (fromRight ? y > py + 1 : x > px + 1)) {
      x -= 1;
      y -= 1;
      middle.push({ side: 'both', text: left[start + x] ?? '' });
    }
    middle.push(fromRight ? { side: 'right', text: right[start + py] ?? '' } : { side: 'left', text: left[start + px] ?? '' });
    [x, y] = [px, py];
  }
  while (x > 0) {
    x -= 1;
    middle.push({ side: 'both', text: left[start + x] ?? '' });
  }
  const same = (line: string): DiffLine => ({ side: 'both', text: line });
  return [...left.slice(0, start).map(same), ...middle.toReversed(), ...left.slice(left.length - end).map(same)];
}
