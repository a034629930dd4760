// Which types of a kernel may stand for a type of the object.
import { kindOf, nameOf, type TypeAt } from '../bpf/btf/btf.ts';
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
  onlyCustom?: true;
}

/**
 * Kinds that may stand for each other as the root of a relocation.
 * @see btf_kind_core_compat() in libbpf's btf.h
 */
export function kindsAreCompatible(a: BtfKind, b: BtfKind): boolean {
  return a === b || (isAnyEnum(a) && isAnyEnum(b));
}

function candidatesIn({ name: from, index }: KernelModule, local: TypeAt, log: PredictedLog, loader: Loader): TypeAt[] {
  const [kind, name] = [kindOf(local.btf, local.id), nameOf(local.btf, local.id)];
  return typesWithEssentialName(index, loader.essentialName(name)).flatMap((id) => {
    const targetKind = kindOf(index.btf, id);
    if (!kindsAreCompatible(targetKind, kind)) return [];
    const target = `[${id}] ${targetKind} ${nameOf(index.btf, id)} in [${from}]`;
    say(log, 'debug', `CO-RE relocating [${local.id}] ${kind} ${name}: found target candidate ${target}`);
    return [{ btf: index.btf, id }];
  });
}

/**
 * Candidates for a named type of the object: those of vmlinux, and only where it has none, those of modules. Null for a type without
 * a name, which libbpf refuses.
 * @see bpf_core_find_cands() and bpf_core_add_cands() in libbpf.c
 */
export function findCandidates(kernel: KernelTypes, local: TypeAt, log: PredictedLog, loader: Loader = DEFAULT_LOADER): TypeAt[] | null {
  if (nameOf(local.btf, local.id) === '') return null;
  const found = candidatesIn({ name: 'vmlinux', index: kernel.custom ?? kernel.vmlinux }, local, log, loader);
  // libbpf asks no module when it was given types.
  if (kernel.custom) return found;
  if (loader.modules === 'never' || (loader.modules === 'if-none' && found.length > 0)) return found;
  return [...found, ...kernel.modules.flatMap((module) => candidatesIn(module, local, log, loader))];
}
