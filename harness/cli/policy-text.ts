// The rules for the exit code of a run, in words.
import type { Policy } from '../library/run.ts';

const EVERY = 'every unexpected failure counts';

function gateText(gate: NonNullable<Policy['gate']>, hasBaseline: boolean): string {
  if (gate === 'failures') return EVERY;
  if (!hasBaseline) return `gate ${gate} needs --baseline; without it ${EVERY}`;
  return gate === 'regressions' ? 'only regressions since the baseline count' : 'regressions since the baseline and new failures count';
}

/**
 * What a policy makes of the exit code, as one line.
 * @param hasBaseline whether a baseline is given, which gates need
 */
export function policyText({ gate = 'failures', failOnFlaky = false, maxInfra = 0 }: Policy, hasBaseline: boolean): string {
  const parts = [
    gateText(gate, hasBaseline),
    ...(failOnFlaky ? ['a cell that needed more than one attempt counts'] : []),
    ...(maxInfra > 0 ? [`up to ${maxInfra} infrastructure failures do not count`] : []),
  ];
  return `policy for the exit code: ${parts.join('; ')}`;
}
