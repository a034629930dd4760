// Joins results.
import { UserError } from '../base/errors.ts';
import { checkOptions, RULES } from './check-options.ts';
import { inWordsOfProgram } from './program-words.ts';
import { mergeResults, type NamedResults } from '../results/merge.ts';
import type { Results } from '../results/schema.ts';

/**
 * Joins the results of shards of one plan, or of runs of different kernels or objects. Cells that no input has are `not-run`; even a single
 * input gets the cells that its shard lacks. The inputs stay unchanged.
 * @param inputs results, each with a name for messages
 * @throws UserError that names two inputs that contradict each other, or for no input
 * @example see docs/library.md
 */
export function merge(inputs: readonly NamedResults[]): Results {
  return inWordsOfProgram(() => {
    checkOptions({ name: 'merge()', rules: { inputs: RULES.inputs }, required: ['inputs'] }, { inputs });
    return mergeNamed(inputs);
  });
}

/** The same for a command: errors name its options. */
export function mergeNamed(inputs: readonly NamedResults[]): Results {
  const [first, ...others] = inputs;
  if (!first) throw new UserError('no results named');
  return mergeResults([first, ...others]);
}
