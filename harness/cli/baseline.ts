// `--baseline` and `--gate`: compares a run with an earlier one and decides which differences count.
import { Option } from 'commander';
import { UserError } from '../base/errors.ts';
import { type Comparison, compareResults, type ProgramChange } from '../results/compare.ts';
import type { Results } from '../results/schema.ts';
import { type Gate, GATES } from '../base/vocabulary.ts';
import { readResultsAt } from './results-files.ts';

/** The changes since the baseline that a gate counts as failures; null for the gate that needs no baseline. */
const COUNTED: Readonly<Record<Gate, readonly ProgramChange['change'][] | null>> = {
  failures: null,
  regressions: ['regression'],
  'regressions+new': ['regression', 'new-failure'],
};

/** The baseline of a report. */
export function baselineOption(): Option {
  return new Option('--baseline <results>', 'results.json or report folder of an earlier run: the report begins with what changed since');
}

/** The baseline of a plan. */
export function planBaselineOption(): Option {
  return new Option(
    '--baseline <results>',
    'results.json or report folder of an earlier run: the report begins with what changed since, and its durations balance shards',
  );
}

export function gateOption(): Option {
  return new Option(
    '--gate <what>',
    'what makes the exit code 1: every unexpected failure, only regressions since the baseline, or these and failures of new programs (default: the policy of the configuration, else failures)',
  ).choices(GATES);
}

/**
 * Checks the options before the run, so that a fault does not appear only after it.
 * @throws UserError for a gate that needs a baseline
 */
export function checkGate({ baseline, gate }: { baseline?: string; gate?: Gate }): void {
  if (gate !== undefined && COUNTED[gate] !== null && baseline === undefined)
    throw new UserError(`--gate ${gate} needs --baseline RESULTS: it takes two runs to see a regression`);
}

/**
 * Compares with the baseline, if one is given.
 * @returns `gate` are the changes that count as failures, for exitCodeOfResults; null if every unexpected failure counts
 * @throws UserError for a baseline that cannot be read, or a gate that needs one
 */
export async function compareWith(
  { baseline, gate }: { baseline?: string; gate?: Gate },
  results: Results,
): Promise<{ comparison: Comparison | null; gate: readonly ProgramChange[] | null }> {
  checkGate({ ...(baseline !== undefined && { baseline }), ...(gate && { gate }) });
  // A policy also applies to the first run, which has no baseline.
  if (baseline === undefined) return { comparison: null, gate: null };
  const decides = gate ?? results.run.policy?.gate ?? 'failures';
  const comparison = { ...compareResults((await readResultsAt(baseline)).results, results), gate: decides };
  const counted = COUNTED[decides];
  return { comparison, gate: counted && comparison.programs.filter(({ change }) => counted.includes(change)) };
}
