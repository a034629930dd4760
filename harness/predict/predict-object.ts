// Predicts an object with its settings on a kernel: the one way for every command that predicts.
import type { BpfObject } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { loaderRules } from '../core-relo/loader.ts';
import type { CachedImage } from '../kernel-btf/kernels.ts';
import { hasUntypedSymbols } from '../kernel-btf/variable-difference.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { withCustomBtf } from '../plan/settings/btf/with-custom-btf.ts';
import { typesWithCached } from '../plan/settings/modules/loaded-modules.ts';
import { probeTarget } from '../verdict/rules/named-target.ts';
import { functionByName, probedPattern } from './findings/symbols.ts';
import { predictCell } from './predict.ts';
import type { PredictedCell } from './predicted-cell.ts';

/** A kernel on which an object is predicted. */
export interface PredictedKernel {
  /** Chooses the custom BTF of an object. */
  release: string | null;
  /** Null for a kernel without BTF. */
  types: KernelTypes | null;
  /** Leads to the modules that the plan loads; absent if the types already have them. */
  image?: CachedImage | null | undefined;
}

/** The types with the symbols of the kernel, if the object needs the address of a function or of a symbol declared `void`. */
export async function withSymbols(
  kernel: KernelTypes,
  { programs, btf }: Pick<BpfObject, 'programs'> & Partial<Pick<BpfObject, 'btf'>>,
): Promise<KernelTypes> {
  if (
    kernel.findSymbol ||
    !kernel.readSymbols ||
    (programs.every((program) => functionByName(program) === null && probedPattern(program) === null && probeTarget(program) === null) &&
      !(btf && hasUntypedSymbols(btf)))
  )
    return kernel;
  const symbols = await kernel.readSymbols();
  return symbols ? { ...kernel, findSymbol: symbols.find, hasTraced: symbols.hasTraced, attachRules: symbols.rules } : kernel;
}

/**
 * Reads what the prediction of an object needs: its custom BTF, the symbols of the kernel, the modules that the plan loads, and the rules of its loader.
 * @returns predicts; pure, and long for large objects
 * @throws UserError for custom BTF that cannot be read
 */
export async function predictionOf(
  { bpf, prepared }: Pick<RunObject, 'bpf' | 'prepared'>,
  { release, types, image }: PredictedKernel,
): Promise<() => PredictedCell> {
  const custom = (await prepared.btf?.(release)) ?? null;
  const loaded = types && (await typesWithCached(types, image, prepared.modules ?? []));
  const counting = withCustomBtf(loaded && (await withSymbols(loaded, bpf)), custom?.types ?? null);
  return () => predictCell(bpf, counting, loaderRules(prepared.loader ?? undefined), prepared.mode);
}
