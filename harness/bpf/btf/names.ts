// Finds types by name with a hash table over the bytes of names. No name is decoded to make it.
import { essentialName } from './essential-name.ts';
import { type Btf, btfString, typeWord } from './btf.ts';

/** Types of one BTF by their names without flavors; made once, in a few milliseconds for a kernel. */
export interface NameIndex {
  readonly btf: Btf;
  /** By hash: the first type with it, or 0. */
  readonly buckets: Uint32Array;
  /** By type id from `startId` on: the next type with the same hash, or 0. */
  readonly next: Uint32Array;
  /** Results of earlier lookups. */
  readonly known: Map<string, readonly number[]>;
}

const UNDERSCORE = 0x5f;
const FLAVOR_MARK = 3;
const SEED = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * FNV-1a hash of the name at an offset, without its flavor.
 * @see essentialName(), which this follows byte by byte
 */
function hashOf(strings: Uint8Array, offset: number): number {
  let hash = SEED;
  let essential: number | null = null;
  let underscores = 0;
  let before = SEED;
  for (let at = offset; at < strings.length; at++) {
    const byte = strings[at] ?? 0;
    if (byte === 0) break;
    if (byte === UNDERSCORE) {
      if (underscores === 0) before = hash;
      underscores += 1;
    } else {
      // Exactly three underscores, not at the start: the part before them may be the whole name.
      if (underscores === FLAVOR_MARK && at - underscores > offset) essential = before;
      underscores = 0;
    }
    hash = Math.imul(hash ^ byte, PRIME);
  }
  return essential ?? hash;
}

/** The same hash for a name that has no flavor. A part of it may look like one. */
function plainHashOf(name: string): number {
  return Buffer.from(name).reduce((hash, byte) => Math.imul(hash ^ byte, PRIME), SEED);
}

/** The string table that contains an offset: of a module, or of its kernel. */
function stringsAt(btf: Btf, offset: number): { strings: Uint8Array; start: number } {
  return btf.base !== null && offset < btf.stringStart ? stringsAt(btf.base, offset) : { strings: btf.strings, start: btf.stringStart };
}

/** Indexes the types of a BTF itself, without those of its base. */
export function indexNames(btf: Btf): NameIndex {
  const { starts, words, startId } = btf;
  // A power of two, at least one bucket for each type.
  const buckets = new Uint32Array(2 ** Math.ceil(Math.log2(starts.length + 1)));
  const next = new Uint32Array(starts.length);
  const mask = buckets.length - 1;
  // From the last type to the first, so that ids in a chain ascend.
  for (let at = starts.length - 1; at >= 0; at--) {
    const name = words[starts[at] ?? 0] ?? 0;
    if (name === 0) continue;
    const { strings, start } = btf.base === null ? { strings: btf.strings, start: 0 } : stringsAt(btf, name);
    const bucket = hashOf(strings, name - start) & mask;
    next[at] = buckets[bucket] ?? 0;
    buckets[bucket] = startId + at;
  }
  return { btf, buckets, next, known: new Map() };
}

function nameAt(btf: Btf, id: number): string {
  return btfString(btf, typeWord(btf, id, 0));
}

/**
 * Ids of all types of any kind whose name without flavor is this name, ascending.
 * @param name without a flavor, not empty
 * @see bpf_core_add_cands() in libbpf.c, which walks through all types instead
 */
export function typesWithEssentialName(index: NameIndex, name: string): readonly number[] {
  const known = index.known.get(name);
  if (known) return known;
  const { btf, buckets, next } = index;
  const ids: number[] = [];
  let id = buckets[plainHashOf(name) & (buckets.length - 1)] ?? 0;
  for (; id !== 0; id = next[id - btf.startId] ?? 0) if (essentialName(nameAt(btf, id)) === name) ids.push(id);
  index.known.set(name, ids);
  return ids;
}

/** Ids of all types of any kind with exactly this name, ascending. */
export function typesWithName(index: NameIndex, name: string): number[] {
  return typesWithEssentialName(index, essentialName(name)).filter((id) => nameAt(index.btf, id) === name);
}
