// Finds a name of an object in a kernel: in vmlinux, or in a module with known BTF.
import { type Btf, kindOf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import { type NameIndex, typesWithName } from '../bpf/btf/names.ts';
import { readSymbols } from '../bpf/elf/elf.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';

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

/** Names of weak symbols, which may stay unresolved. */
export function weakNames({ elf }: Pick<BpfObject, 'elf'>): ReadonlySet<string> {
  return new Set(readSymbols(elf).flatMap(({ name, binding, section }) => (section === 0 && binding === STB_WEAK ? [name] : [])));
}
