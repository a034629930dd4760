// Finds candidates: types of a kernel that may match a type of the object.
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

/** A loaded module whose BTF cannot be read. */
export interface UnreadableModule {
  name: string;
  /** Why, in one line. */
  reason: string;
}

/** The kind of a name in a module. The type of a tracepoint (`btf_trace_NAME`) counts as a function. */
export type ModuleNameKind = 'function' | 'variable' | 'struct';

/** A module that has a function, tracepoint, variable or struct_ops type. */
export interface ModuleWithName {
  module: string;
  kind: ModuleNameKind;
  /** False if the module has only a symbol of this name, and no BTF for it. */
  inBtf: boolean;
}

/** Finds the modules of a kernel's package that have a name. */
export type FindInPackage = (name: string) => readonly ModuleWithName[];

/**
 * What a kernel has of a function: its symbol (`init`: in memory that the kernel frees after it booted), only a variant that the compiler
 * made from it (`f.isra.0`), or neither. The kernel finds the address of a function by its symbol. `data` is a symbol that is no function.
 * `count` is the number of symbols with the name, if there are several.
 */
export type FunctionSymbol =
  /** `isNotrace`: the kernel lets no program attach to it. `isInjected`: it is marked for error injection. */
  | { kind: 'found'; count?: number; isNotrace?: true; isInjected?: true }
  | { kind: 'init' | 'data'; count?: number }
  | { kind: 'variant'; variant: string }
  | { kind: 'missing' };

/** Finds a function among the symbols of the kernel itself, without those of modules. */
export type FindSymbol = (name: string) => FunctionSymbol;

/** What the image of a kernel lists about functions to which programs may or may not attach. Ids are those in the BTF of vmlinux. */
export interface AttachRules {
  /** Whether functions are marked for error injection: `none` if the kernel is built without, `listed` if symbols say which. */
  errorInjection: 'none' | 'listed' | 'unknown';
  /** Sets of functions by the name of the set in the kernel; null if the image does not show them. */
  sets: ReadonlyMap<string, ReadonlySet<number>> | null;
  /** Functions in any set that has flags, such as kernel functions that programs may call; null if the image does not show them. */
  flagged: ReadonlySet<number> | null;
}

/** What the image of a kernel says of its symbols and functions. */
export interface KernelSymbols {
  find: FindSymbol;
  /** Whether a program can attach to a function that matches a pattern of libbpf: `*` means any characters, `?` one. */
  hasTraced: (pattern: string) => boolean;
  rules: AttachRules;
}

/** All types of a kernel. */
export interface KernelTypes {
  vmlinux: NameIndex;
  /** Loaded modules in the order of their BTF ids; empty if it is unknown which modules are loaded. */
  modules: readonly KernelModule[];
  /** Further loaded modules, which libbpf skips because their BTF cannot be read. */
  unreadable?: readonly UnreadableModule[];
  /** Names of loaded modules without BTF; absent if there are none. */
  withoutBtf?: readonly string[];
  /** Modules of the kernel's own package, which need not be loaded; absent if they are unknown. */
  inPackage?: FindInPackage;
  /** Reads the symbols of the kernel; null if they are unknown. Absent if there is no image to read them from. */
  readSymbols?: () => Promise<KernelSymbols | null>;
  /** The symbols of the kernel; absent if they are unknown or were not read. */
  findSymbol?: FindSymbol;
  /** As of the symbols; absent as they are. */
  hasTraced?: KernelSymbols['hasTraced'];
  /** What the image lists about functions to attach to; absent as the symbols are. */
  attachRules?: AttachRules;
  /** Text of the kernel's configuration; null if the kernel has none, absent if unknown. */
  config?: string | null;
  /** Custom BTF of a loader, which libbpf uses for relocations instead of the kernel's types. */
  custom?: NameIndex;
  /** True if the kernel has no BTF: `vmlinux` is then custom BTF, which only relocations can use. */
  onlyCustom?: true;
}

/**
 * Kinds that are compatible as root types of a relocation.
 * @see btf_kind_core_compat() in libbpf's btf.h
 */
export function kindsAreCompatible(a: BtfKind, b: BtfKind): boolean {
  return a === b || (isAnyEnum(a) && isAnyEnum(b));
}

function candidatesIn({ name: from, index }: KernelModule, local: TypeAt, log: PredictedLog, loader: Loader): TypeAt[] {
  const [kind, name] = [kindOf(local.btf, local.id), nameOf(local.btf, local.id)];
  return typesWithEssentialName(index, loader.essentialName(name)).flatMap((id) => {
    const targetKind = kindOf(index.btf, id);
    if (loader.mixesEnums ? !kindsAreCompatible(targetKind, kind) : targetKind !== kind) return [];
    const target = `[${id}] ${targetKind} ${nameOf(index.btf, id)} in [${from}]`;
    say(log, 'debug', `CO-RE relocating [${local.id}] ${kind} ${name}: found target candidate ${target}`);
    return [{ btf: index.btf, id }];
  });
}

/**
 * Finds candidates for a named type of the object in vmlinux, and in modules only if vmlinux has none. Null for a type without a name,
 * which libbpf refuses.
 * @see bpf_core_find_cands() and bpf_core_add_cands() in libbpf.c
 */
export function findCandidates(kernel: KernelTypes, local: TypeAt, log: PredictedLog, loader: Loader = DEFAULT_LOADER): TypeAt[] | null {
  if (nameOf(local.btf, local.id) === '') return null;
  const found = candidatesIn({ name: 'vmlinux', index: kernel.custom ?? kernel.vmlinux }, local, log, loader);
  // With custom BTF, libbpf searches no modules.
  if (kernel.custom) return found;
  if (loader.modules === 'never' || (loader.modules === 'if-none' && found.length > 0)) return found;
  return [...found, ...kernel.modules.flatMap((module) => candidatesIn(module, local, log, loader))];
}
