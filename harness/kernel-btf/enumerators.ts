// Enumerators of a kernel's own enums: its helpers, map types and program types.
import { kindOf, vlenOf } from '../bpf/btf/btf.ts';
import { type NameIndex, typesWithName } from '../bpf/btf/names.ts';
import { enumeratorOf, isAnyEnum } from '../bpf/btf/types.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';

/** No kernel with BTF has fewer helpers, map or program types. */
const FEWEST = 16;

type Enumerators = ReadonlyMap<string, bigint> | null;

/** A cache by BTF and name of the enum, because every object needs the same. */
const read = new WeakMap<NameIndex, Map<string, Enumerators>>();

/**
 * Enumerators of a kernel enum that counts from 0, by name and without its `__MAX_...`. Null when the kernel's BTF does not have that
 * enum, or only parts of it: BTF may be minimised for one object.
 */
export function enumeratorsOf({ vmlinux }: KernelTypes, name: string): Enumerators {
  const known = read.get(vmlinux) ?? new Map<string, Enumerators>();
  read.set(vmlinux, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const { btf } = vmlinux;
  const ids = typesWithName(vmlinux, name).filter((id) => isAnyEnum(kindOf(btf, id)));
  const all = ids.flatMap((id) => Array.from({ length: vlenOf(btf, id) }, (_, index) => enumeratorOf(btf, id, index)));
  const found = new Map(all.flatMap((each) => (each && !each.name.startsWith('__') ? [[each.name, each.value] as const] : [])));
  const values = new Set(found.values());
  const isWhole = values.size >= FEWEST && [...values].every((value) => value >= 0n && value < BigInt(values.size));
  known.set(name, isWhole ? found : null);
  return isWhole ? found : null;
}

/** Numbers of the helpers that a kernel has; null if its BTF does not show them. */
export function knownHelpers(kernel: KernelTypes): ReadonlySet<number> | null {
  const known = enumeratorsOf(kernel, 'bpf_func_id');
  return known && new Set([...known.values()].map(Number));
}
