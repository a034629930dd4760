// Explains a run, or returns the explanation that its results already contain.
import type { Results } from '../results/schema.ts';
import { explain } from './explain.ts';
import { type Explanation, EXPLANATION_VERSION, type Findings } from '../results/explanation.ts';
import { type ExplainedObject, seenFailures, withPredictedReach } from './failures.ts';
import { openKernels } from './kernel-cache.ts';
import type { RecordsOf } from './semantic-change-places.ts';
import { predictedIn, kernelsOfResults } from './sources.ts';

/**
 * Explains every failure of a run.
 * @param objects objects of the results, with their types if their files are still available
 * @param cache folder of the kernel cache; explanations are less detailed for kernels that are not cached
 * @param onProblem called with one line for BTF that cannot be read
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
  const recordsOf: RecordsOf = ({ result }, kernel) => {
    const cell = cells.get(JSON.stringify([kernel, result.id]));
    return cell ? withPredictedReach(cell.relocations, predicted(cell)) : null;
  };
  const failures = seenFailures(results, () => true, predicted, objects);
  return explain(failures, objects, kernels, recordsOf);
}

/** The part of an explanation that results contain. */
export function findingsOf({ kernels, causes, semanticChanges, movedArguments, guarded, fixedOffsets }: Explanation): Findings {
  return { kernels, causes, semanticChanges, ...(movedArguments && { movedArguments }), guarded, ...(fixedOffsets && { fixedOffsets }) };
}

/** The explanation in results; null if they contain none. */
export function keptExplanation({ explanation }: Results): Explanation | null {
  return explanation ? { schemaVersion: EXPLANATION_VERSION, ...explanation } : null;
}
