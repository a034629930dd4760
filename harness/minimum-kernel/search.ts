// Chooses the kernels to try for the load range of a program: as few as possible, guided by predictions.

/** The result of a program in a guest: it loads, it does not, or no verdict. */
export type Observed = 'pass' | 'fail' | 'none';

/** A program on kernels in ascending order; both lists have an entry for each. */
export interface Search {
  /** The prediction from BTF. */
  expected: readonly ('pass' | 'fail')[];
  observed: readonly (Observed | null)[];
}

function verdictAt({ observed }: Search, at: number): 'pass' | 'fail' | null {
  const seen = observed[at];
  return seen === 'pass' || seen === 'fail' ? seen : null;
}

/** Positions of kernels with a verdict or not yet tried. */
function usable({ observed }: Search): number[] {
  return observed.flatMap((seen, at) => (seen === 'none' ? [] : [at]));
}

/**
 * The assumed result on each kernel: the seen result; else the predicted one if it agrees with a seen neighbour; else the neighbour's;
 * between neighbours that contradict the prediction and each other, half of each. Null for a guest without a verdict.
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

/** Positions of kernels to try next, ascending; [] once both ends and both sides of every boundary were seen. */
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

/** Ranges of kernels with the same result, in ascending order, once all needed kernels were tried. */
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
