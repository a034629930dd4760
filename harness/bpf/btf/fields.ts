// Which words of a type are ids of other types, and which are names.
import { type BtfKind, BTF_KINDS, TRAILING } from './kinds.ts';

interface Fields {
  /** The third word of the head is a type. */
  head: boolean;
  /** Positions of type ids among the words after the head, and of type ids and names in each element. */
  fixed: readonly number[];
  types: readonly number[];
  names: readonly number[];
}

const NONE: Fields = { head: false, fixed: [], types: [], names: [] };
const HEAD_ONLY: Fields = { ...NONE, head: true };

/** @see btf_field_iter_init() in libbpf's btf_iter.c */
const FIELDS: Partial<Record<BtfKind, Fields>> = {
  ptr: HEAD_ONLY,
  typedef: HEAD_ONLY,
  volatile: HEAD_ONLY,
  const: HEAD_ONLY,
  restrict: HEAD_ONLY,
  func: HEAD_ONLY,
  var: HEAD_ONLY,
  decl_tag: HEAD_ONLY,
  type_tag: HEAD_ONLY,
  array: { ...NONE, fixed: [0, 1] },
  struct: { ...NONE, types: [1], names: [0] },
  union: { ...NONE, types: [1], names: [0] },
  func_proto: { ...HEAD_ONLY, types: [1], names: [0] },
  datasec: { ...NONE, types: [0] },
  enum: { ...NONE, names: [0] },
  enum64: { ...NONE, names: [0] },
};

const BY_NUMBER: readonly Fields[] = BTF_KINDS.map((kind) => FIELDS[kind] ?? NONE);

const HEAD_WORDS = 3;

/**
 * The words of a type that are type ids and the words that are names, as positions from the start of the type.
 * @param kind its number
 */
export function fieldsOf(kind: number, vlen: number): { types: number[]; names: number[] } {
  const { head, fixed, types, names } = BY_NUMBER[kind] ?? NONE;
  const [before, each] = TRAILING[kind] ?? [0, 0];
  const inElements = (offsets: readonly number[]) =>
    offsets.length === 0
      ? []
      : Array.from({ length: vlen }, (_, index) => offsets.map((offset) => HEAD_WORDS + before + index * each + offset)).flat();
  return { types: [...(head ? [2] : []), ...fixed.map((at) => HEAD_WORDS + at), ...inElements(types)], names: [0, ...inElements(names)] };
}
