// `--baseline` and `--gate`: a run beside an earlier one, and what of the difference counts.
import { Option } from 'commander';
import { UserError } from '../base/errors.ts';
import { type Comparison, compareResults } from '../results/compare.ts';
import type { Results } from '../results/schema.ts';
import { type Gate, GATES } from '../base/vocabulary.ts';
import { readResultsAt } from './results-files.ts';

export function baselineOption(): Option {
  return new Option(
    '--baseline <results>',
    'results.json or report folder of an earlier run: the report begins with what changed since, and its durations balance shards',
  );
}

export function gateOption(): Option {
  return new Option(
    '--gate <what>',
    'what makes the exit code 1: every unexpected failure, or only regressions since the baseline (default: the policy of the configuration, else failures)',
  ).choices(GATES);
}

/**
 * Says at once what would only come to light after a run.
 * @throws UserError for a gate that needs a baseline
 */
export function checkGate({ baseline, gate }: { baseline?: string; gate?: Gate }): void {
  if (gate === 'regressions' && baseline === undefined)
    throw new UserError('--gate regressions needs --baseline RESULTS: it takes two runs to see a regression');
}

/**
 * Compares with the baseline, where there is one.
 * @returns `gate` is the comparison where only regressions are to count, for exitCodeOfResults
 * @throws UserError for a baseline that cannot be read, or a gate that needs one
 */
export async function compareWith(
  { baseline, gate }: { baseline?: string; gate?: Gate },
  results: Results,
): Promise<{ comparison: Comparison | null; gate: Comparison | null }> {
  checkGate({ ...(baseline !== undefined && { baseline }), ...(gate && { gate }) });
  // A policy is for every night, the first one included.
  if (baseline === undefined) return { comparison: null, gate: null };
  const comparison = compareResults((await readResultsAt(baseline)).results, results);
  return { comparison, gate: (gate ?? results.run.policy?.gate) === 'regressions' ? comparison : null };
}
