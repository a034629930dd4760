// Results that say why, as a run writes them.
import { cacheRoot } from '../base/files.ts';
import { messageOf } from '../base/errors.ts';
import type { Results } from '../results/schema.ts';
import type { ExplainedObject } from '../explain/failures.ts';
import { explainRun, findingsOf } from '../explain/of-results.ts';
import { writeLine } from './lines.ts';

/** Adds the root causes of its failures to a run; one that was interrupted is to be reported at once. */
export async function withExplanation(results: Results, objects: readonly ExplainedObject[]): Promise<Results> {
  if (!results.run.complete) return results;
  const note = (text: string) => writeLine(process.stderr, `note: ${text}`);
  try {
    return { ...results, explanation: findingsOf(await explainRun(results, objects, cacheRoot(), note)) };
  } catch (error) {
    // What was run is worth more than what can be said of it.
    note(`failures are not explained: ${messageOf(error)}`);
    return results;
  }
}
