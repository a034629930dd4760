// `--baseline` and `--gate`: compares a run with an earlier one and decides which differences count.
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
 * Checks the options before the run, so that a fault does not appear only after it.
 * @throws UserError for a gate that needs a baseline
 */
export function checkGate({ baseline, gate }: { baseline?: string; gate?: Gate }): void {
  if (gate === 'regressions' && baseline === undefined)
    throw new UserError('--gate regressions needs --baseline RESULTS: it takes two runs to see a regression');
}

/**
 * Compares with the baseline, if one is given.
 * @returns `gate` is the comparison if only regressions count, for exitCodeOfResults
 * @throws UserError for a baseline that cannot be read, or a gate that needs one
 */
export async function compareWith(
  { baseline, gate }: { baseline?: string; gate?: Gate },
  results: Results,
): Promise<{ comparison: Comparison | null; gate: Comparison | null }> {
  checkGate({ ...(baseline !== undefined && { baseline }), ...(gate && { gate }) });
  // A policy also applies to the first run, which has no baseline.
  if (baseline === undefined) return { comparison: null, gate: null };
  const comparison = compareResults((await readResultsAt(baseline)).results, results);
  return { comparison, gate: (gate ?? results.run.policy?.gate) === 'regressions' ? comparison : null };
}
