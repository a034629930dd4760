// The types of a kernel in a run: read when the first of its cells asks, and kept no longer than its cells last.
import type { KernelImage } from '../../kernels/pull.ts';
import { InfraError, messageOf, UserError } from '../base/errors.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { predictedFields, recordedPredictionOf } from '../predict/recorded-prediction.ts';
import { withCustomBtf } from '../plan/settings/btf/with-custom-btf.ts';
import { indexFileOf } from '../kernel-btf/name-index-file.ts';
import { libbpfLoader } from '../core-relo/loader.ts';
import { readKernelTypes } from '../kernel-btf/kernels.ts';
import type { ResolvedCustomBtf } from '../plan/settings/btf/custom-btf.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';

export type FoundTypes =
  /** `kernel` is null for one that was built without BTF. */
  | { readable: true; kernel: KernelTypes | null }
  /** There is BTF, but it cannot be used: nothing is predicted. */
  | { readable: false; kernel: null; reason: string };

/** Reads the types once, however often it is called. */
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

/** Whether a cell is predicted to fail for certain. */
export async function isPredictedToFail(
  { types }: { types: RunTypes },
  object: RunObject,
  customBtf: ResolvedCustomBtf | null,
): Promise<boolean> {
  const { readable, kernel } = await types();
  return (
    readable &&
    predictedFields(
      recordedPredictionOf(object.bpf, withCustomBtf(kernel, customBtf?.types ?? null), libbpfLoader(object.prepared.loader ?? null)),
    ) !== null
  );
}

/** The types of a kernel that was pulled. */
export function typesOf(image: KernelImage): RunTypes {
  let found: Promise<FoundTypes> | null = null;
  return async () => (found ??= read(image));
}
