// Lists the kernel types that an object depends on: the root types of its relocations and the types on their paths.
import { nameOf } from '../bpf/btf/btf.ts';
import { resolveType } from '../bpf/btf/types.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import { localSpecs } from './access.ts';
import { rootText } from './path.ts';

/** Matches composite types and enums with their keyword, and names of typedefs. */
const HAS_LAYOUT = /^(?:struct |union |enum )?\w+$/;

/** Returns their C names without flavors, each once: `struct task_struct`, `enum bpf_map_type`, `kernel_cap_t`. */
export function touchedTypes(object: BpfObject): string[] {
  const found = localSpecs(object).flatMap((spec) => {
    if (!spec) return [];
    const { btf, rootId, accessors } = spec;
    const ids = [rootId, ...accessors.slice(1).map(({ type }) => resolveType(btf, type))];
    return ids.filter((id) => nameOf(btf, id) !== '').map((id) => essentialName(rootText(btf, id)));
  });
  return [...new Set(found)].filter((name) => HAS_LAYOUT.test(name));
}
