// A way through a type by names and indices, such as `rss_stat.count[1].counter`, walked in whatever BTF.
import { type Btf, kindOf, nameOf, vlenOf } from '../bpf/btf/btf.ts';
import { arrayOf, isComposite, type Member, memberOf, resolveType } from '../bpf/btf/types.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';

/** A member by its name, or an index into an array. */
export type Step = string | number;

/** A member on the way; `through` is the struct or union that has it, anonymous ones skipped. */
export interface WalkedMember {
  name: string;
  member: Member;
  /** The type that was looked through, whose name a person knows. */
  through: number;
}

export interface Walk {
  /** How many steps could be walked. */
  walked: number;
  /** The type that was come to. */
  type: number;
  /** The named member last walked, null when none was. */
  last: WalkedMember | null;
}

const MAX_DEPTH = 16;

/** Every named member of a struct or union, those in anonymous members too, in the order in which they are declared. */
export function namedMembers(btf: Btf, type: number, depth = 0): Member[] {
  const id = resolveType(btf, type);
  if (!isComposite(kindOf(btf, id)) || depth > MAX_DEPTH) return [];
  const found: Member[] = [];
  for (let index = 0; index < vlenOf(btf, id); index++) {
    const member = memberOf(btf, id, index);
    if (!member) continue;
    if (member.name !== '') found.push(member);
    else {
      for (const inner of namedMembers(btf, member.type, depth + 1))
        found.push({ ...inner, bitOffset: inner.bitOffset + member.bitOffset });
    }
  }
  return found;
}

/** Walks as far as names and indices lead, whatever the kinds of what is found on the way. */
export function walk(btf: Btf, root: number, steps: readonly Step[]): Walk {
  let type = root;
  let last: WalkedMember | null = null;
  for (const [walked, step] of steps.entries()) {
    const id = resolveType(btf, type);
    if (typeof step === 'number') {
      const array = arrayOf(btf, id);
      if (!array) return { walked, type, last };
      type = array.element;
      continue;
    }
    const member = namedMembers(btf, id).find(({ name }) => name === step);
    if (!member) return { walked, type, last };
    last = { name: step, member, through: id };
    type = member.type;
  }
  return { walked: steps.length, type, last };
}

/** The steps a field relocation takes behind its root; a first index other than 0 takes the pointer for an array and is left out. */
export function stepsOf(spec: CoreSpec): Step[] {
  return spec.accessors.slice(1).map(({ name, index }) => name ?? index);
}

/** `rss_stat.count[1]`; '' for no steps. */
export function pathText(steps: readonly Step[]): string {
  return steps.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at > 0 ? '.' : ''}${step}`)).join('');
}

/** A named type as C refers to it: `struct task_struct`, `kernel_cap_t`. */
export function rootText(btf: Btf, id: number): string {
  const kind = kindOf(btf, id);
  return kind === 'typedef' ? nameOf(btf, id) : `${kind === 'enum64' ? 'enum' : kind} ${nameOf(btf, id)}`;
}
