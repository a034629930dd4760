// The kinds of BTF types: their names, and the size of the data after the head of each.

/**
 * Kinds by number, under the names libbpf prints.
 * @see BTF_KIND_* in include/uapi/linux/btf.h, btf_kind_str() in libbpf
 */
export const BTF_KINDS = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
] as const;
/** `unknown` is a kind newer than this table. The layout section of the BTF has its size. */
export type BtfKind = (typeof BTF_KINDS)[number] | 'unknown';

/** What follows the head of a type: 32-bit words, fixed and for each of its `vlen` elements. */
export type Trailing = readonly [fixed: number, each: number];

export const TRAILING: readonly Trailing[] = [
  [0, 0],
  [1, 0],
  [0, 0],
  [3, 0],
  [0, 3],
  [0, 3],
  [0, 2],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 0],
  [0, 2],
  [1, 0],
  [0, 3],
  [0, 0],
  [1, 0],
  [0, 0],
  [0, 3],
];
