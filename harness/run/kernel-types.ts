// The types of a kernel in a run: read for its first cell, and freed after its last one.
import type { KernelImage } from '../../kernels/pull.ts';
import { blocking, weightOf } from '../base/blocking.ts';
import { InfraError, messageOf, UserError } from '../base/errors.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { predictionOf } from '../predict/predict-object.ts';
import { predictedFields, recordedPrediction } from '../predict/recorded-prediction.ts';
import { indexFileOf } from '../kernel-btf/name-index-file.ts';
import { readKernelTypes } from '../kernel-btf/kernels.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';

export type FoundTypes =
  /** `kernel` is null for a kernel that was built without BTF. */
  | { readable: true; kernel: KernelTypes | null }
  /** The BTF cannot be used, so nothing is predicted. */
  | { readable: false; kernel: null; reason: string };

/** Reads the types at the first call and returns them at every call. */
export type RunTypes = () => Promise<FoundTypes>;

async function read({ id, selector, btf, config }: KernelImage): Promise<FoundTypes> {
  try {
    const files = { path: btf?.path ?? null, index: btf && indexFileOf(btf), modules: null, config: config?.path ?? null };
    return { readable: true, kernel: await readKernelTypes({ id, selector, ...files }) };
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof InfraError)) throw error;
    return { readable: false, kernel: null, reason: messageOf(error) };
  }
}

/** Whether the prediction for a cell is a certain failure. */
export async function isPredictedToFail(
  { types, result: { release } }: { types: RunTypes; result: { release: string | null } },
  object: RunObject,
  signal: AbortSignal,
): Promise<boolean> {
  const { readable, kernel } = await types();
  const predict = await predictionOf(object, { release, types: kernel });
  return readable && predictedFields(recordedPrediction(await blocking(weightOf([object.bpf]), predict, signal))) !== null;
}

/** The types of a downloaded kernel. */
export function typesOf(image: KernelImage): RunTypes {
  let found: Promise<FoundTypes> | null = null;
  return async () => (found ??= read(image));
}
