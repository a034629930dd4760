// Finds the kernels between which the outcome of a relocation changes.
import type { ObjectData, OutcomeData } from '../shared/page-data.ts';

/** The outcome of a relocation on every kernel; null if none is known. */
export function outcomesOf({ cells, outcomes }: ObjectData, ref: number): (OutcomeData | null)[] {
  return cells.map((cell) => cell?.relocations.map((at) => outcomes[at]).find((outcome) => outcome?.ref === ref) ?? null);
}

function factsOf(outcome: OutcomeData | undefined | null): string {
  return JSON.stringify(outcome && [outcome.outcome, outcome.target, outcome.reached, outcome.suspicious]);
}

/** Pairs of neighbouring kernels, by position, on which the outcomes differ. Kernels without an outcome are skipped. */
export function turningPoints(outcomes: readonly (OutcomeData | null)[]): [number, number][] {
  const known = outcomes.flatMap((outcome, at) => (outcome ? [at] : []));
  return known.slice(1).flatMap((right, at): [number, number][] => {
    const left = known[at] ?? right;
    return factsOf(outcomes[left]) === factsOf(outcomes[right]) ? [] : [[left, right]];
  });
}
