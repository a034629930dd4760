// Whether a module has the function or tracepoint that vmlinux lacks: what is missing in vmlinux may still be in the kernel.
import type { KernelTypes } from '../core-relo/candidates.ts';
import { inPackageText, inUnloadedModule, knownOfMissing, type NameUse } from '../kernel-btf/kernel-names.ts';
import { BTF, CACHED } from '../../kernels/offline-selectors.ts';
import type { OfflineKernel } from '../kernel-btf/kernels.ts';
import { withPackage } from '../kernel-btf/package-names.ts';

/** The state of a kernel whose vmlinux lacks a name. */
export interface InModules {
  /** `unknown` if the modules of its package are not in the cache; `in-vmlinux` if vmlinux has a symbol of the name, which BTF lacks. */
  state: 'found' | 'none' | 'unknown' | 'in-vmlinux';
  /** The words of a prediction for the same fact; null if it is unknown. */
  text: string | null;
  /** Whether the object can use the name once the module is loaded: it may need BTF for that. */
  isUsable: boolean;
}

/** Searches the modules of a kernel's package for a name that its vmlinux lacks. Modules that count as loaded were searched before. */
export async function searchModules(
  types: KernelTypes,
  kernel: OfflineKernel,
  { name, use }: { name: string; use: NameUse },
): Promise<InModules> {
  if (types.modules.length > 0) return { state: 'none', text: null, isUsable: false };
  const findSymbol = use === 'attach' ? (await types.readSymbols?.())?.find : null;
  const kind = findSymbol?.(name).kind;
  if (findSymbol && (kind === 'found' || kind === 'init'))
    return { state: 'in-vmlinux', text: knownOfMissing({ ...types, findSymbol }, name, use), isUsable: false };
  const known = await withPackage(types, kernel.image, { names: [name], make: true });
  const usable = inUnloadedModule(known, name, use);
  const isUsable = usable !== null;
  // vmlinux alone has most variables and struct_ops types, so only a module that has one is worth a word.
  if (use === 'variable' || use === 'struct-ops' || use === 'address') {
    const text = use === 'variable' ? knownOfMissing(known, name, use) : usable;
    return { state: isUsable ? 'found' : 'none', text, isUsable };
  }
  const state = known.inPackage ? 'none' : 'unknown';
  const isFound = known.inPackage?.(name).some((each) => each.kind === 'function') === true;
  return { state: isFound ? 'found' : state, text: inPackageText(known, name, use), isUsable };
}

/** Advice for kernels whose modules are unknown: the command that adds them to the cache. */
export function pullModulesAdvice(name: string, kernels: readonly OfflineKernel[]): string {
  const selectors = [...new Set(kernels.map(({ selector }) => selector))].filter((each) => each !== CACHED && !each.startsWith(BTF));
  const command = `corematrix kernels pull --modules ${selectors.length > 0 ? selectors.join(' ') : 'SELECTOR'}`;
  return `A module of these kernels may have ${name}: "${command}" adds their modules to the cache, and then explain searches them.`;
}
