// The types and sizes of the keys and values of a map, from its definition.
import { type Btf, kindOf, nameOf, vlenOf } from '../btf/btf.ts';
import { arrayOf, findType, memberOf, referencedType, resolveType, sizeOf, variableOf } from '../btf/types.ts';

/** Keys or values of a map: a type of the object's BTF, or only a size. */
export interface ElementType {
  type: number | null;
  size: number | null;
}

/** More than a definition of a map has; reading a damaged one must not take long. */
const MAX_MEMBERS = 64;

function definitionOf(btf: Btf, map: string): number | null {
  const section = findType(btf, 'datasec', '.maps');
  if (section === null) return null;
  for (let index = 0; index < vlenOf(btf, section); index++) {
    const variable = variableOf(btf, section, index)?.type ?? 0;
    if (nameOf(btf, variable) === map) return resolveType(btf, referencedType(btf, variable));
  }
  return null;
}

/** The type to which the member points: the type itself for `__type`, an array of as many elements for `__uint`. */
function pointedTo(btf: Btf, definition: number, name: string): number | null {
  for (let index = 0; index < Math.min(vlenOf(btf, definition), MAX_MEMBERS); index++) {
    const member = memberOf(btf, definition, index);
    if (member?.name !== name) continue;
    const pointer = resolveType(btf, member.type);
    return kindOf(btf, pointer) === 'ptr' ? referencedType(btf, pointer) : null;
  }
  return null;
}

/**
 * Type and size of a map's keys or values; null for each that its definition does not have.
 * @see parse_btf_map_def() in libbpf.c
 */
export function elementType(btf: Btf, map: string, what: 'key' | 'value'): ElementType {
  const definition = definitionOf(btf, map);
  if (definition === null) return { type: null, size: null };
  const type = pointedTo(btf, definition, what);
  if (type !== null) return { type, size: sizeOf(btf, type) };
  const size = pointedTo(btf, definition, `${what}_size`);
  return { type: null, size: size === null ? null : (arrayOf(btf, resolveType(btf, size))?.length ?? null) };
}
