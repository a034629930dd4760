// Finds a name of an object in a kernel: in vmlinux, or in a module with known BTF.
import { type Btf, kindOf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import { type NameIndex, typesWithName } from '../bpf/btf/names.ts';
import { readSymbols } from '../bpf/elf/elf.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import type { KernelTypes, ModuleWithName } from '../core-relo/candidates.ts';

const STB_WEAK = 2;

function idOf(index: NameIndex, kind: BtfKind, name: string): number | null {
  return typesWithName(index, name).find((id) => kindOf(index.btf, id) === kind) ?? null;
}

/** Finds a function in a kernel: in vmlinux, or in a module with known BTF. */
export function findIn(kernel: KernelTypes, kind: BtfKind, name: string): { btf: Btf; id: number } | null {
  for (const index of [kernel.vmlinux, ...kernel.modules.map((module) => module.index)]) {
    const id = idOf(index, kind, name);
    if (id !== null) return { btf: index.btf, id };
  }
  return null;
}

/** The searched BTF in words, for a name that is certainly missing. */
export function whatIsKnown({ modules }: KernelTypes): string {
  return `this kernel's BTF or that of its ${modules.length} ${modules.length === 1 ? 'module' : 'modules'}`;
}

const MAX_SHOWN = 3;

function modulesText(modules: readonly ModuleWithName[]): string {
  const names = modules.map(({ module }) => module);
  const more = names.length - MAX_SHOWN;
  const shown = more > 0 ? [...names.slice(0, MAX_SHOWN), `${more} more`] : names;
  return names.length === 1 ? `module ${names[0]} has it` : `modules ${shown.join(', ')} have it`;
}

/**
 * Says which modules of the kernel's package have a function or tracepoint that vmlinux lacks, and how to load one. A module without BTF
 * serves only kprobes. Null if the modules of the package are unknown.
 */
export function inPackageText({ inPackage }: KernelTypes, name: string): string | null {
  if (!inPackage) return null;
  const found = inPackage(name);
  const [first, ...others] = found.filter(({ inBtf }) => inBtf);
  if (first) {
    const some = others.length > 0 ? 'add one of them, such as' : 'add';
    return `${modulesText([first, ...others])}: ${some} modules: [${first.module}]`;
  }
  return found[0]
    ? `${modulesText(found)}, but without BTF: only a kprobe can attach to it, with modules: [${found[0].module}]`
    : 'no module of its package has it';
}

/** Where a function or tracepoint is missing, for the words "is not in", and whether it is missing for certain. */
export function whereMissing(kernel: KernelTypes, name: string): { where: string; certain: boolean } {
  const text = inPackageText(kernel, name);
  if (kernel.modules.length > 0) return { where: `${whatIsKnown(kernel)}${text === null ? '' : `; ${text}`}`, certain: true };
  return { where: text === null ? "this kernel's BTF, only a module could have it" : `vmlinux; ${text}`, certain: false };
}

/** Names of weak symbols, which may stay unresolved. */
export function weakNames({ elf }: Pick<BpfObject, 'elf'>): ReadonlySet<string> {
  return new Set(readSymbols(elf).flatMap(({ name, binding, section }) => (section === 0 && binding === STB_WEAK ? [name] : [])));
}
