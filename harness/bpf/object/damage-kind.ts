// The kinds of damage in an object.

/** Kinds of damage, each named after the part of the object in which a loader notices it. */
export type DamageKind =
  | 'headers'
  | 'section-size'
  | 'license'
  | 'symbol-name'
  | 'symbol-section'
  | 'symbol-bounds'
  | 'function-bounds'
  | 'code-without-symbols'
  | 'code-gap'
  | 'helper-number'
  | 'map-without-symbols'
  | 'relocation-symbol'
  | 'relocation-target'
  | 'wide-load'
  | 'map-bytes'
  | 'btf-header'
  | 'btf-string-table'
  | 'btf-kind'
  | 'type-name'
  | 'element-name'
  | 'type-reference'
  | 'btf-layout'
  | 'data-section'
  | 'data-variable'
  | 'ext-section'
  | 'ext-offset'
  | 'ext-string'
  | 'ext-function'
  | 'ext-order'
  | 'ext-instruction'
  | 'ext-type';

export interface Damage {
  kind: DamageKind;
  /** What is wrong: `symbol probe_exit ends beyond its section kprobe/do_exit`. */
  words: string;
}
