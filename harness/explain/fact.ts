// Checks in a kernel's BTF whether a fact of a known change is true.
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

/** The kind of a member, or `bitfield`. Null if the type lacks the member; undefined if the kernel lacks the type. */
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
 * Checks a fact: `struct hd_struct`, `function do_unlinkat`, `tracepoint NAME`, `task_struct.state`, `tty_driver.type is enum`.
 * Null if the kernel lacks the type of the member, because the fact is then unknown.
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
