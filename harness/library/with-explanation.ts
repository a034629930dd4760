// Adds explanations to the results of a run.
import { blocking, weightOf } from '../base/blocking.ts';
import { messageOf } from '../base/errors.ts';
import { cacheRoot } from '../base/files.ts';
import type { ExplainedObject } from '../explain/failures.ts';
import { explainRun, findingsOf } from '../explain/of-results.ts';
import type { Results } from '../results/schema.ts';

/**
 * Adds the root causes of failures to a run. An interrupted run is returned at once, without them.
 * @param onNote called with one line for each difficulty; none of them is an error
 */
export async function withExplanation(
  results: Results,
  objects: readonly ExplainedObject[],
  onNote: (text: string) => void,
): Promise<Results> {
  if (!results.run.complete) return results;
  try {
    const explain = async () => explainRun(results, objects, cacheRoot(), onNote);
    return { ...results, explanation: findingsOf(await blocking(weightOf(results.cells), explain)) };
  } catch (error) {
    // A failing explanation must not lose the results.
    onNote(`failures are not explained: ${messageOf(error)}`);
    return results;
  }
}
