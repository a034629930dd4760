// Adds explanations to the results of a run.
import { blocking, weightOf } from '../base/blocking.ts';
import { cacheRoot } from '../base/files.ts';
import { messageOf } from '../base/errors.ts';
import type { Results } from '../results/schema.ts';
import type { ExplainedObject } from '../explain/failures.ts';
import { explainRun, findingsOf } from '../explain/of-results.ts';
import { writeLine } from './lines.ts';

/** Adds the root causes of failures to a run; an interrupted run is reported at once, without them. */
export async function withExplanation(results: Results, objects: readonly ExplainedObject[]): Promise<Results> {
  if (!results.run.complete) return results;
  const note = (text: string) => writeLine(process.stderr, `note: ${text}`);
  try {
    const explain = async () => explainRun(results, objects, cacheRoot(), note);
    return { ...results, explanation: findingsOf(await blocking(weightOf(results.cells), explain)) };
  } catch (error) {
    // A failing explanation must not lose the results.
    note(`failures are not explained: ${messageOf(error)}`);
    return results;
  }
}
