// Which kernels have to be tried to know from when to when a program loads: as few as there can be, guided by predictions.

/** What a guest said of a program: it loads, it does not, or there was no telling. */
export type Observed = 'pass' | 'fail' | 'none';

/** A program on kernels in ascending order; both lists have an entry for each. */
export interface Search {
  /** What BTF makes expect. */
  expected: readonly ('pass' | 'fail')[];
  observed: readonly (Observed | null)[];
}

function verdictAt({ observed }: Search, at: number): 'pass' | 'fail' | null {
  const seen = observed[at];
  return seen === 'pass' || seen === 'fail' ? seen : null;
}

/** Positions of kernels whose guests gave a verdict or have not been tried. */
function usable({ observed }: Search): number[] {
  return observed.flatMap((seen, at) => (seen === 'none' ? [] : [at]));
}

/**
 * What is to be believed of each kernel: what was seen, else what is expected where that agrees with what was seen on either side, else
 * what was seen there; between two that differ against expectation, half of each. Null where a guest gave no verdict.
 */
function beliefs(search: Search): ('pass' | 'fail' | null)[] {
  const { expected, observed } = search;
  const seen = observed.flatMap((_, at) => (verdictAt(search, at) ? [at] : []));
  return observed.map((one, at) => {
    if (one !== null) return one === 'none' ? null : one;
    const guess = expected[at] ?? 'pass';
    const left = seen.findLast((each) => each < at);
    const right = seen.find((each) => each > at);
    const agrees = (each: number | undefined) => each === undefined || verdictAt(search, each) === expected[each];
    if (agrees(left) && agrees(right)) return guess;
    if (left === undefined || right === undefined) return verdictAt(search, left ?? right ?? at) ?? guess;
    return verdictAt(search, at - left <= (right - left) / 2 ? left : right) ?? guess;
  });
}

/** Positions of kernels to try next, ascending; [] when the ends and both sides of every boundary have been seen. */
export function nextProbes(search: Search): number[] {
  const places = usable(search);
  const believed = beliefs(search);
  const wanted = new Set<number>();
  for (const end of [places[0], places.at(-1)]) if (end !== undefined) wanted.add(end);
  for (const [index, at] of places.entries()) {
    const next = places[index + 1];
    if (next === undefined || believed[at] === believed[next]) continue;
    wanted.add(at);
    wanted.add(next);
  }
  return [...wanted].filter((at) => search.observed[at] === null).toSorted((a, b) => a - b);
}

export interface Stretch {
  from: number;
  to: number;
  status: 'pass' | 'fail';
}

/** Stretches of kernels on which a program does the same, in ascending order, once nothing is left to try. */
export function stretches(search: Search): Stretch[] {
  const found: Stretch[] = [];
  for (const [at, status] of beliefs(search).entries()) {
    const last = found.at(-1);
    if (status === null) continue;
    if (last?.status === status) last.to = at;
    else found.push({ from: at, to: at, status });
  }
  return found;
}
