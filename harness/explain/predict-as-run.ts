// Predicts an object of a run again: with the loader and the mode that the results name.
import { loaderRules } from '../core-relo/loader.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { predictCell } from '../predict/predict.ts';
import type { PredictedCell } from '../predict/predicted-cell.ts';
import type { ExplainedObject } from './failures.ts';

/** The prediction for an object of a run on a kernel; null if the object's file is missing or has changed. */
export function predictAsRun({ result, bpf }: ExplainedObject, types: KernelTypes): PredictedCell | null {
  return bpf && predictCell(bpf, types, loaderRules(result.loader), result.mode);
}
