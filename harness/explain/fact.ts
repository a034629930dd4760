// Whether a kernel's BTF bears out a fact of the catalogue.
import { kindOf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import { typesWithName } from '../bpf/btf/names.ts';
import { resolveType } from '../bpf/btf/types.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { walk } from './path.ts';

const KINDS = {
  struct: 'struct',
  union: 'union',
  enum: 'enum',
  typedef: 'typedef',
  function: 'func',
  tracepoint: 'typedef',
} as const satisfies Record<string, BtfKind>;

function isKind(word: string): word is keyof typeof KINDS {
  return Object.hasOwn(KINDS, word);
}

function hasType({ vmlinux }: KernelTypes, kind: BtfKind, name: string): boolean {
  return typesWithName(vmlinux, name).some((id) => kindOf(vmlinux.btf, id) === kind);
}

/** The kind of a member; what has a width of its own in bits is a `bitfield`. Null where there is no such member in a type that is there. */
function memberKind({ vmlinux }: KernelTypes, root: string, steps: readonly string[]): string | null | undefined {
  const { btf } = vmlinux;
  const roots = typesWithName(vmlinux, root).filter((id) => ['struct', 'union', 'typedef'].includes(kindOf(btf, id)));
  if (roots.length === 0) return undefined;
  for (const id of roots) {
    const { walked, type, last } = walk(btf, id, steps);
    if (walked === steps.length) return (last?.member.bitSize ?? 0) > 0 ? 'bitfield' : kindOf(btf, resolveType(btf, type));
  }
  return null;
}

/**
 * Whether a fact holds: `struct hd_struct`, `function do_unlinkat`, `tracepoint NAME`, `task_struct.state`, `tty_driver.type is enum`.
 * Null where the kernel does not have the type the member is in, which tells nothing of the member.
 */
export function factHolds(kernel: KernelTypes, fact: string): boolean | null {
  const [subject = '', kind] = fact.split(' is ');
  const [word = '', name] = subject.split(' ');
  if (name !== undefined && isKind(word)) return hasType(kernel, KINDS[word], word === 'tracepoint' ? `btf_trace_${name}` : name);
  const [root = '', ...steps] = subject.split('.');
  const found = memberKind(kernel, root, steps);
  if (found === undefined) return null;
  return kind === undefined ? found !== null : found === kind;
}
