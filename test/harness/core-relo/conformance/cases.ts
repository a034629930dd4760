// A family of cases: one object, and several kernels with other forms of the types that it uses.
import type { WrittenType } from '../../bpf/btf/build-btf.ts';

export interface Family {
  /** C of the object. `at` begins a program, `out` receives the results. */
  local: string;
  /** The types of each kernel, keyed by the name of the case: C, or BTF that no compiler makes. */
  targets: Readonly<Record<string, string | readonly WrittenType[]>>;
  /** True if type_exists records become type_matches, which not every clang can write. */
  matches?: true;
}

/** The start of all object sources. */
export const MACROS = `
volatile u64 out[64];
#define PROGRAM(name) SEC("raw_tp/" #name) int name(u64 *ctx)
#define at(type, name) struct type *name = (void *)ctx[0]
#define off(field) __builtin_preserve_field_info(field, 0)
#define size(field) __builtin_preserve_field_info(field, 1)
#define exists(field) __builtin_preserve_field_info(field, 2)
#define sign(field) __builtin_preserve_field_info(field, 3)
#define left(field) __builtin_preserve_field_info(field, 4)
#define right(field) __builtin_preserve_field_info(field, 5)
`;
