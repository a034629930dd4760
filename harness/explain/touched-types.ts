// Which types of kernels an object depends on: those its relocations start from, and those they go through.
import { nameOf } from '../bpf/btf/btf.ts';
import { resolveType } from '../bpf/btf/types.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import { localSpecs } from './access.ts';
import { rootText } from './path.ts';

/** Composite types and enums by their tag, or the name of a typedef. */
const HAS_LAYOUT = /^(?:struct |union |enum )?\w+$/;

/** Their names as C refers to them, without flavors: `struct task_struct`, `enum bpf_map_type`, `kernel_cap_t`; each once. */
export function touchedTypes(object: BpfObject): string[] {
  const found = localSpecs(object).flatMap((spec) => {
    if (!spec) return [];
    const { btf, rootId, accessors } = spec;
    const ids = [rootId, ...accessors.slice(1).map(({ type }) => resolveType(btf, type))];
    return ids.filter((id) => nameOf(btf, id) !== '').map((id) => essentialName(rootText(btf, id)));
  });
  return [...new Set(found)].filter((name) => HAS_LAYOUT.test(name));
}
