// Finds a name of an object in a kernel: in vmlinux, or in a module with known BTF.
import { type Btf, kindOf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import { type NameIndex, typesWithName } from '../bpf/btf/names.ts';
import { readSymbols, STB_WEAK } from '../bpf/elf/elf.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import type { KernelTypes, ModuleNameKind, ModuleWithName } from '../core-relo/candidates.ts';
import { describesVariables, readsModuleBtf } from './btf-coverage.ts';

function idOf(index: NameIndex, kind: BtfKind, name: string): number | null {
  return typesWithName(index, name).find((id) => kindOf(index.btf, id) === kind) ?? null;
}

/** The parts of `MODULE:NAME`; the module is null for a plain name. */
export function partsOfName(text: string): { module: string | null; name: string } {
  const at = text.indexOf(':');
  return at < 0 ? { module: null, name: text } : { module: text.slice(0, at), name: text.slice(at + 1) };
}

/**
 * Finds a type in a kernel: in vmlinux, or in a module with known BTF. If the text is `MODULE:NAME`, the type is only searched in modules
 * whose name begins so; vmlinux counts as one.
 * @see find_kernel_btf_id() in libbpf.c, which compares only the beginning
 */
export function findIn(kernel: KernelTypes, kind: BtfKind, text: string): { btf: Btf; id: number } | null {
  const { module: wanted, name } = partsOfName(text);
  const all = [{ name: 'vmlinux', index: kernel.vmlinux }, ...kernel.modules];
  for (const { index } of all.filter((each) => wanted === null || each.name.startsWith(wanted))) {
    const id = idOf(index, kind, name);
    if (id !== null) return { btf: index.btf, id };
  }
  return null;
}

/** The searched BTF in words, for a name that is certainly missing. */
function whatIsKnown({ modules }: KernelTypes): string {
  return `this kernel's BTF or that of its ${modules.length} ${modules.length === 1 ? 'module' : 'modules'}`;
}

const MAX_SHOWN = 3;

/** What an object needs a missing name for. */
export type NameUse = 'attach' | 'tracepoint' | 'kfunc' | 'variable' | 'address' | 'struct-ops';

interface Use {
  kinds: readonly ModuleNameKind[];
  /** What follows if a module has only a symbol of this name; null if a symbol is enough. `setting` loads the module, unless it is loaded. */
  withoutBtf: ((setting: string) => string) | null;
}

const USES = {
  attach: { kinds: ['function'], withoutBtf: (setting) => `only a kprobe can attach to it${setting}` },
  tracepoint: {
    kinds: ['function'],
    withoutBtf: (setting) => `only raw_tp and tracepoint programs can attach to it${setting}`,
  },
  kfunc: { kinds: ['function'], withoutBtf: () => 'so no program can call it' },
  variable: { kinds: ['variable'], withoutBtf: () => 'so no program can read it by its type' },
  address: { kinds: ['function', 'variable'], withoutBtf: null },
  'struct-ops': { kinds: ['struct'], withoutBtf: () => 'so no map can have this type' },
} as const satisfies Record<NameUse, Use>;

function shownModules(modules: readonly ModuleWithName[]): string {
  const names = modules.map(({ module }) => module);
  const more = names.length - MAX_SHOWN;
  return (more > 0 ? [...names.slice(0, MAX_SHOWN), `${more} more`] : names).join(', ');
}

function notLoadedText([first, ...others]: readonly [ModuleWithName, ...ModuleWithName[]]): string {
  if (others.length === 0) return `in module ${first.module}, which is not loaded: modules: [${first.module}]`;
  return `in modules ${shownModules([first, ...others])}, which are not loaded: add one of them, such as modules: [${first.module}]`;
}

/** Whether a loaded module without BTF has a symbol of this name: a program can attach by the name, but not find it in BTF. */
export function isInLoadedWithoutBtf({ inPackage, withoutBtf = [] }: KernelTypes, text: string): boolean {
  const { module: wanted, name } = partsOfName(text);
  if (withoutBtf.length === 0) return false;
  const having = (inPackage?.(name) ?? []).filter(({ module, kind }) => kind !== 'struct' && withoutBtf.includes(module));
  return having.some(({ module }) => wanted === null || module === wanted);
}

/**
 * The modules of the kernel's package that have a name for a use, and are not loaded, or have no BTF for a use that needs it; null if the
 * modules of the package are unknown.
 */
function notLoadedWith({ inPackage, modules, withoutBtf = [] }: KernelTypes, text: string, use: Use): ModuleWithName[] | null {
  const { module: wanted, name } = partsOfName(text);
  const loaded = new Set([...modules.map((module) => module.name), ...(use.withoutBtf === null ? withoutBtf : [])]);
  const having = inPackage?.(name).filter(({ module, kind }) => use.kinds.includes(kind) && !loaded.has(module));
  return having?.filter(({ module }) => wanted === null || module.startsWith(wanted)) ?? null;
}

/**
 * Says which module of the kernel's package has a name that the kernel and its loaded modules lack, and how to load it: `in module nf_nat,
 * which is not loaded: modules: [nf_nat]`. Null if no module has it for this use, or if the modules of the package are unknown.
 */
export function inUnloadedModule(kernel: KernelTypes, name: string, use: NameUse): string | null {
  const { withoutBtf }: Use = USES[use];
  if (withoutBtf !== null && readsModuleBtf(kernel.vmlinux) === false) return null;
  const [first, ...others] = (notLoadedWith(kernel, name, USES[use]) ?? []).filter(({ inBtf }) => inBtf || withoutBtf === null);
  return first ? notLoadedText([first, ...others]) : null;
}

/**
 * Names that the build of a kernel gives to a function of each module: the one that starts it, and the one that ends it.
 * @see module_init() and module_exit() in include/linux/module.h
 */
export const OF_EVERY_MODULE: ReadonlySet<string> = new Set(['init_module', 'cleanup_module']);
const NAME_OF_EVERY_MODULE = 'a name that each module gives to one of its functions, so it means no single function';

/**
 * Says what the modules of the kernel's package have of a name that vmlinux lacks: the words of `inUnloadedModule`, or that a module has it
 * only outside BTF, or that none has it. Null if the modules of the package are unknown.
 */
export function inPackageText(kernel: KernelTypes, name: string, use: NameUse): string | null {
  const usable = inUnloadedModule(kernel, name, use);
  if (usable !== null) return usable;
  const { withoutBtf }: Use = USES[use];
  const found = notLoadedWith(kernel, name, USES[use]);
  const [first, ...others] = found ?? [];
  if (!found || !first || !withoutBtf)
    return found && `no module of its package has ${partsOfName(name).module === null ? 'it' : 'this name'}`;
  const subject = others.length === 0 ? `module ${first.module} has it` : `modules ${shownModules(found)} have it`;
  const isLoaded = kernel.withoutBtf?.includes(first.module) === true;
  const why = readsModuleBtf(kernel.vmlinux) === false ? 'this kernel has no BTF of modules' : 'not in BTF';
  return `${subject}, but ${why}: ${withoutBtf(isLoaded ? '' : `, with modules: [${first.module}]`)}`;
}

/** Why the BTF of a kernel has no such name, whatever modules are loaded; null if it may have it, or if the use needs no BTF. */
function neverInBtf({ vmlinux }: KernelTypes, use: NameUse): string | null {
  const { withoutBtf }: Use = USES[use];
  if (withoutBtf === null) return null;
  if (use === 'variable' && !describesVariables(vmlinux)) return "not in this kernel's BTF, which describes no variables";
  return readsModuleBtf(vmlinux) === false ? "not in this kernel's BTF, and this kernel has no BTF of modules" : null;
}

/** Whether a kernel refuses a kprobe on a name that several symbols have. @see number_of_same_symbols() in kernel/trace/trace_kprobe.c */
export function refusesAmbiguousProbes({ findSymbol }: KernelTypes): boolean {
  return findSymbol?.('count_symbols').kind === 'found';
}

/** What vmlinux has of a name that BTF lacks, or that is no function; null if it has no such symbol, or if its symbols are unknown. */
function ownSymbol(kernel: KernelTypes, name: string, use: NameUse): string | null {
  const symbol = kernel.findSymbol?.(name);
  if (symbol?.kind === 'data') return use === 'address' ? 'a symbol of this kernel, but no function' : null;
  if (use !== 'attach' || (symbol?.kind !== 'found' && symbol?.kind !== 'init')) return null;
  const { count = 1 } = symbol;
  if (count === 1) return "not in this kernel's BTF, although vmlinux has a symbol of this name";
  const probe = refusesAmbiguousProbes(kernel) ? ', and this kernel refuses a kprobe on it' : '';
  return `not in this kernel's BTF: the name is ambiguous, because vmlinux has ${count} symbols of this name${probe}`;
}

/** Where a name is that vmlinux and the loaded modules lack, for the words "it is", and whether it is missing for certain. */
export function whereMissing(kernel: KernelTypes, name: string, use: NameUse): { where: string; certain: boolean } {
  const never = neverInBtf(kernel, use);
  const certain = kernel.modules.length > 0 || never !== null;
  const own = ownSymbol(kernel, name, use);
  if (own !== null) return { where: own, certain: certain || kernel.inPackage?.(name).some(({ inBtf }) => inBtf) === false };
  const usable = inUnloadedModule(kernel, name, use);
  if (usable !== null) return { where: usable, certain };
  if (OF_EVERY_MODULE.has(name)) return { where: NAME_OF_EVERY_MODULE, certain: USES[use].withoutBtf !== null };
  // The answer does not depend on the package, which may be unknown, unless one of its modules has the name.
  const isInModule = use !== 'variable' && (notLoadedWith(kernel, name, USES[use]) ?? []).length > 0;
  if (never !== null && !isInModule) return { where: never, certain };
  const isLoadKnown = kernel.modules.length > 0;
  if (isLoadKnown && partsOfName(name).module !== null) return { where: "not in this kernel's BTF", certain };
  const text = inPackageText(kernel, name, use);
  // The modules of the package are all that a machine with this kernel can load, apart from modules of others.
  if (text !== null && !isLoadKnown) return { where: `not in vmlinux; ${text}`, certain: true };
  if (isLoadKnown) return { where: `not in ${whatIsKnown(kernel)}${text === null ? '' : `; ${text}`}`, certain };
  return { where: "not in this kernel's BTF, only a module could have it", certain };
}

/**
 * What is known of a name that a load did not find, in the words of a prediction: the module that has it, or why this kernel's BTF cannot
 * have it. Null if nothing is known beyond the load.
 */
export function knownOfMissing(kernel: KernelTypes, name: string, use: NameUse): string | null {
  const own = ownSymbol(kernel, name, use);
  if (own !== null) return own;
  const isKnown = OF_EVERY_MODULE.has(name) || neverInBtf(kernel, use) !== null;
  return inUnloadedModule(kernel, name, use) ?? (isKnown ? whereMissing(kernel, name, use).where : null);
}

/** Names of weak symbols, which may stay unresolved. */
export function weakNames({ elf }: Pick<BpfObject, 'elf'>): ReadonlySet<string> {
  return new Set(readSymbols(elf).flatMap(({ name, binding, section }) => (section === 0 && binding === STB_WEAK ? [name] : [])));
}
