// Functions that a kernel's BTF marks as kernel functions (kfuncs), which programs of some types may call.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { referencedType } from '../bpf/btf/types.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { findIn } from './kernel-names.ts';

/** The text of the declaration tag. @see btf_encoder__tag_kfuncs() in btf_encoder.c of pahole, since its version 1.26 */
const MARK = 'bpf_kfunc';

const read = new WeakMap<Btf, ReadonlySet<number>>();

/** Ids of the marked functions among a BTF's own types. */
function marksIn(btf: Btf): ReadonlySet<number> {
  const known = read.get(btf);
  if (known) return known;
  const marks = new Set<number>();
  for (let id = btf.startId; id < btf.endId; id++)
    if (kindOf(btf, id) === 'decl_tag' && nameOf(btf, id) === MARK) marks.add(referencedType(btf, id));
  read.set(btf, marks);
  return marks;
}

/**
 * Whether the kernel has a function but lets no program call it: its BTF marks other functions as kfuncs, and not this one. False if the
 * function is missing, or if the BTF has no marks at all (before Linux 6.10, or made by an older pahole).
 * @param name as the object declares it
 */
export function isUnmarkedKfunc(name: string, kernel: KernelTypes): boolean {
  const found = findIn(kernel, 'func', essentialName(name));
  if (!found) return false;
  const marks = marksIn(found.btf);
  return marks.size > 0 && !marks.has(found.id);
}
