// Which types of a kernel may stand for a type of the object.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import { type NameIndex, typesWithEssentialName } from '../bpf/btf/names.ts';
import { isAnyEnum } from '../bpf/btf/types.ts';
import { DEFAULT_LOADER, type Loader } from './loader.ts';
import { type PredictedLog, say } from './log.ts';

export interface KernelModule {
  name: string;
  index: NameIndex;
}

/** A loaded module that has BTF of which nothing can be made. */
export interface UnreadableModule {
  name: string;
  /** In one line. */
  reason: string;
}

/** All types a kernel has. */
export interface KernelTypes {
  vmlinux: NameIndex;
  /** Of loaded modules, in the order of their BTF ids; none where it is not known which are loaded. */
  modules: readonly KernelModule[];
  /** Modules beside those, which libbpf does without. */
  unreadable?: readonly UnreadableModule[];
  /** What the kernel was built with, as text; null for one that has no configuration, absent where nobody knows. */
  config?: string | null;
  /** What a loader gives libbpf for relocations instead of the kernel's own types. */
  custom?: NameIndex;
  /** The kernel has no types of its own: `vmlinux` are those of a loader, which only relocations can use. */
  borrowed?: true;
}

export interface Candidate {
  btf: Btf;
  id: number;
}

/**
 * Kinds that may stand for each other as the root of a relocation.
 * @see btf_kind_core_compat() in libbpf's btf.h
 */
export function kindsAreCompatible(a: BtfKind, b: BtfKind): boolean {
  return a === b || (isAnyEnum(a) && isAnyEnum(b));
}

function candidatesIn(index: NameIndex, from: string, local: Btf, localId: number, log: PredictedLog, loader: Loader): Candidate[] {
  const [kind, name] = [kindOf(local, localId), nameOf(local, localId)];
  return typesWithEssentialName(index, loader.essentialName(name)).flatMap((id) => {
    const targetKind = kindOf(index.btf, id);
    if (!kindsAreCompatible(targetKind, kind)) return [];
    const target = `[${id}] ${targetKind} ${nameOf(index.btf, id)} in [${from}]`;
    say(log, 'debug', `CO-RE relocating [${localId}] ${kind} ${name}: found target candidate ${target}`);
    return [{ btf: index.btf, id }];
  });
}

/**
 * Candidates for a named type of the object: those of vmlinux, and only where it has none, those of modules. Null for a type without
 * a name, which libbpf refuses.
 * @see bpf_core_find_cands() and bpf_core_add_cands() in libbpf.c
 */
export function findCandidates(
  kernel: KernelTypes,
  local: Btf,
  localId: number,
  log: PredictedLog,
  loader: Loader = DEFAULT_LOADER,
): Candidate[] | null {
  if (nameOf(local, localId) === '') return null;
  const found = candidatesIn(kernel.custom ?? kernel.vmlinux, 'vmlinux', local, localId, log, loader);
  // libbpf asks no module when it was given types.
  if (kernel.custom) return found;
  if (loader.modules === 'never' || (loader.modules === 'if-none' && found.length > 0)) return found;
  return [...found, ...kernel.modules.flatMap(({ name, index }) => candidatesIn(index, name, local, localId, log, loader))];
}
