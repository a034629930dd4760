// Walks a path of names and indices through a type in any BTF, such as `rss_stat.count[1].counter`.
import { type Btf, kindOf, nameOf, vlenOf } from '../bpf/btf/btf.ts';
import { arrayOf, isComposite, type Member, memberOf, resolveType } from '../bpf/btf/types.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';

/** A member by its name, or an index into an array. */
export type Step = string | number;

/** A member on the path. */
export interface WalkedMember {
  name: string;
  member: Member;
  /** BTF id of the struct or union that contains the member. Anonymous ones are skipped. */
  through: number;
}

export interface Walk {
  /** Number of steps that could be walked. */
  walked: number;
  /** BTF id of the type at the end. */
  type: number;
  /** The last named member; null if none was walked. */
  last: WalkedMember | null;
}

const MAX_DEPTH = 16;

/** All named members of a struct or union, including those in anonymous members, in the order of declaration. */
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

/** Walks as far as names and indices exist, whatever the kinds of types on the path. */
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

/** The steps of a field relocation after its root type. The first index, which treats the pointer as an array, is left out. */
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
