// Finds types by name without decoding names: the name's bytes are looked for in the string section, then the types that bear them.
import { essentialName } from '../libbpf-log/spec.ts';
import { type Btf, btfString, typeWord } from './btf.ts';

/** Types of one BTF by their names; made once, in a few milliseconds for a kernel. */
export interface NameIndex {
  readonly btf: Btf;
  /** By offset of the string: the first type with that name, 0 for none. */
  readonly first: Uint32Array;
  /** By type id from `startId` on: the next type with the same string, 0 for none. */
  readonly next: Uint32Array;
  /** What was looked up before. */
  readonly known: Map<string, readonly number[]>;
}

/** Indexes the types that a BTF has of its own; those of its base are not in it. */
export function indexNames(btf: Btf): NameIndex {
  const first = new Uint32Array(btf.stringStart + btf.strings.length);
  const next = new Uint32Array(btf.starts.length);
  // From the last to the first, so that chains come out in ascending order.
  for (let at = btf.starts.length - 1; at >= 0; at--) {
    const name = btf.words[btf.starts[at] ?? 0] ?? 0;
    if (name === 0 || name >= first.length) continue;
    next[at] = first[name] ?? 0;
    first[name] = btf.startId + at;
  }
  return { btf, first, next, known: new Map() };
}

function typesNamed({ btf, first, next }: NameIndex, offset: number): number[] {
  const ids: number[] = [];
  for (let id = first[offset] ?? 0; id !== 0; id = next[id - btf.startId] ?? 0) ids.push(id);
  return ids;
}

/** Every place where the bytes of a name stand, in a BTF's strings and in those of its base, as string offsets. */
function* placesOf(btf: Btf, name: Buffer): Generator<number> {
  if (btf.base !== null) yield* placesOf(btf.base, name);
  for (let at = btf.strings.indexOf(name); at >= 0; at = btf.strings.indexOf(name, at + 1)) yield btf.stringStart + at;
}

/**
 * Ids of all types, of whatever kind, whose name without its flavor is this one, ascending.
 * @param name without a flavor, not empty
 * @see bpf_core_add_cands() in libbpf.c, which walks through all types instead
 */
export function typesWithEssentialName(index: NameIndex, name: string): readonly number[] {
  const known = index.known.get(name);
  if (known) return known;
  const ids: number[] = [];
  for (const offset of placesOf(index.btf, Buffer.from(name))) {
    if (index.first[offset] !== 0 && essentialName(btfString(index.btf, offset)) === name) ids.push(...typesNamed(index, offset));
  }
  ids.sort((one, other) => one - other);
  index.known.set(name, ids);
  return ids;
}

/** Ids of all types, of whatever kind, that bear exactly this name, ascending. */
export function typesWithName(index: NameIndex, name: string): number[] {
  return typesWithEssentialName(index, essentialName(name)).filter((id) => btfString(index.btf, typeWord(index.btf, id, 0)) === name);
}
