// A family of cases: one object, and several things a kernel may have made of the types it uses.
import type { WrittenType } from '../../bpf/btf/build-btf.ts';

export interface Family {
  /** C of the object; `at` is where a program begins, `out` is where results go. */
  local: string;
  /** What each kernel has, by the name of the case: C, or BTF where no compiler makes it. */
  targets: Readonly<Record<string, string | readonly WrittenType[]>>;
  /** Kinds that clang of any version can be made to write: type_exists becomes type_matches. */
  matches?: true;
}

/** What all sources of objects begin with. */
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
