// The explanation of a whole run: the one its results keep, or one made from what was seen and what BTF tells.
import type { Results } from '../results/schema.ts';
import { explain } from './explain.ts';
import { type Explanation, EXPLANATION_VERSION, type Findings } from '../results/explanation.ts';
import { type ExplainedObject, seenFailures } from './failures.ts';
import { openKernels } from './kernel-cache.ts';
import type { RecordsOf } from './semantic-change-places.ts';
import { predictedIn, kernelsOfResults } from './sources.ts';

/**
 * Explains every failure of a run.
 * @param objects those of the results; with their types as far as they are there
 * @param cache where kernels and their BTF are kept; of kernels that are not there less can be said
 * @param onProblem is told of BTF that cannot be read
 */
export async function explainRun(
  results: Results,
  objects: readonly ExplainedObject[],
  cache: string,
  onProblem: (text: string) => void,
): Promise<Explanation> {
  const kernels = openKernels(await kernelsOfResults(results, cache), onProblem);
  const predicted = await predictedIn(results, objects, kernels);
  const cells = new Map(results.cells.map((cell) => [JSON.stringify([cell.kernel, cell.object]), cell]));
  const recordsOf: RecordsOf = ({ result }, kernel) => cells.get(JSON.stringify([kernel, result.id]))?.relocations ?? null;
  const failures = seenFailures(results, () => true, predicted);
  return explain(failures, objects, kernels, recordsOf);
}

/** What results keep of an explanation. */
export function findingsOf({ kernels, causes, semanticChanges, guarded }: Explanation): Findings {
  return { kernels, causes, semanticChanges, guarded };
}

/** The explanation that results keep; null where they keep none. */
export function keptExplanation({ explanation }: Results): Explanation | null {
  return explanation ? { schemaVersion: EXPLANATION_VERSION, ...explanation } : null;
}
