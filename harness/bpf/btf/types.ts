// The parts of a BTF type, each decoded on request. Unknown ids and numbers give null or void, never an error.
import { type Btf, btfString, kindFlag, kindOf, nameOf, typeWord, vlenOf } from './btf.ts';
import type { BtfKind } from './kinds.ts';

export interface Member {
  name: string;
  type: number;
  /** Offset from the start of the struct or union, in bits. */
  bitOffset: number;
  /** Width of a bitfield in bits, 0 for a plain member. */
  bitSize: number;
}

export interface Enumerator {
  name: string;
  value: bigint;
}

const HEAD_WORDS = 3;

/** The type a pointer, typedef, modifier, function or variable refers to. */
export function referencedType(btf: Btf, id: number): number {
  return typeWord(btf, id, 2);
}

/** Size in bytes as the type itself records it: int, struct, union, enum, float, datasec. */
export function sizeField(btf: Btf, id: number): number {
  return typeWord(btf, id, 2);
}

/** Encoding of an integer: BTF_INT_SIGNED 1, CHAR 2, BOOL 4; the position of its bits, and their number. */
export function integerOf(btf: Btf, id: number): { encoding: number; bitOffset: number; bits: number } {
  const word = typeWord(btf, id, HEAD_WORDS);
  return { encoding: (word >>> 24) & 0xf, bitOffset: (word >>> 16) & 0xff, bits: word & 0xff };
}

export function isComposite(kind: BtfKind): boolean {
  return kind === 'struct' || kind === 'union';
}

export function isAnyEnum(kind: BtfKind): boolean {
  return kind === 'enum' || kind === 'enum64';
}

function hasElement(btf: Btf, id: number, index: number): boolean {
  return index >= 0 && index < vlenOf(btf, id);
}

/** All elements of a type, each read by its number until there is no further one. */
function allOf<Element>(btf: Btf, id: number, read: (btf: Btf, id: number, index: number) => Element | null): Element[] {
  const found: Element[] = [];
  for (let element = read(btf, id, 0); element !== null; element = read(btf, id, found.length)) found.push(element);
  return found;
}

/** Member number `index` of a struct or union, or null. */
export function memberOf(btf: Btf, id: number, index: number): Member | null {
  if (!isComposite(kindOf(btf, id)) || !hasElement(btf, id, index)) return null;
  const at = HEAD_WORDS + index * 3;
  const offset = typeWord(btf, id, at + 2);
  const packed = kindFlag(btf, id);
  return {
    name: btfString(btf, typeWord(btf, id, at)),
    type: typeWord(btf, id, at + 1),
    bitOffset: packed ? offset & 0xffffff : offset,
    bitSize: packed ? offset >>> 24 : 0,
  };
}

/** The members of a struct or union; empty for any other kind. */
export function allMembers(btf: Btf, id: number): Member[] {
  return allOf(btf, id, memberOf);
}

/** Enumerator number `index` of an enum or enum64, or null. */
export function enumeratorOf(btf: Btf, id: number, index: number): Enumerator | null {
  const kind = kindOf(btf, id);
  if (!isAnyEnum(kind) || !hasElement(btf, id, index)) return null;
  const at = HEAD_WORDS + index * (kind === 'enum' ? 2 : 3);
  const low = BigInt(typeWord(btf, id, at + 1));
  const bits = kind === 'enum' ? 32 : 64;
  const value = kind === 'enum' ? low : low | (BigInt(typeWord(btf, id, at + 2)) << 32n);
  return { name: btfString(btf, typeWord(btf, id, at)), value: kindFlag(btf, id) ? BigInt.asIntN(bits, value) : value };
}

/** The enumerators of an enum or enum64; empty for any other kind. */
export function allEnumerators(btf: Btf, id: number): Enumerator[] {
  return allOf(btf, id, enumeratorOf);
}

/** Element type and length of an array, null for any other kind. */
export function arrayOf(btf: Btf, id: number): { element: number; index: number; length: number } | null {
  if (kindOf(btf, id) !== 'array') return null;
  return {
    element: typeWord(btf, id, HEAD_WORDS),
    index: typeWord(btf, id, HEAD_WORDS + 1),
    length: typeWord(btf, id, HEAD_WORDS + 2),
  };
}

/** The type of the elements of an array, 0 for any other kind. */
export function elementType(btf: Btf, id: number): number {
  return arrayOf(btf, id)?.element ?? 0;
}

/** Parameter number `index` of a function prototype; for variable arguments, the last one has neither name nor type. */
export function parameterOf(btf: Btf, id: number, index: number): { name: string; type: number } | null {
  if (kindOf(btf, id) !== 'func_proto' || !hasElement(btf, id, index)) return null;
  const at = HEAD_WORDS + index * 2;
  return { name: btfString(btf, typeWord(btf, id, at)), type: typeWord(btf, id, at + 1) };
}

/** The types of the parameters of a function prototype; 0 for variable arguments, empty for any other kind. */
export function parameterTypes(btf: Btf, id: number): number[] {
  return allOf(btf, id, parameterOf).map(({ type }) => type);
}

/** The word after the head of a variable (its linkage) or of a declaration tag (its member or parameter, or -1). */
export function detailOf(btf: Btf, id: number): number {
  return typeWord(btf, id, HEAD_WORDS) | 0;
}

/** Variable number `index` of a data section. */
export function variableOf(btf: Btf, id: number, index: number): { type: number; offset: number; size: number } | null {
  if (kindOf(btf, id) !== 'datasec' || !hasElement(btf, id, index)) return null;
  const at = HEAD_WORDS + index * 3;
  return { type: typeWord(btf, id, at), offset: typeWord(btf, id, at + 1), size: typeWord(btf, id, at + 2) };
}

const MODIFIERS: ReadonlySet<BtfKind> = new Set(['volatile', 'const', 'restrict', 'type_tag', 'typedef']);
/** A longer chain of modifiers must be a circle. libbpf has no limit. */
const MAX_MODIFIERS = 1024;

/** Follows modifiers and typedefs to the type behind them; 0 if they form a circle. */
export function resolveType(btf: Btf, id: number): number {
  let at = id;
  for (let depth = 0; depth < MAX_MODIFIERS; depth++) {
    if (!MODIFIERS.has(kindOf(btf, at))) return at;
    at = referencedType(btf, at);
  }
  return 0;
}

const SIZED: ReadonlySet<BtfKind> = new Set(['int', 'struct', 'union', 'enum', 'enum64', 'datasec', 'float']);
const REFERRING: ReadonlySet<BtfKind> = new Set(['typedef', 'volatile', 'const', 'restrict', 'var', 'decl_tag', 'type_tag']);
/** Steps that libbpf takes before it gives up. */
const MAX_RESOLVE_DEPTH = 32;
const MAX_SIZE = 0xffffffff;

/** Names of integers that are as wide as a pointer. */
const LONG: ReadonlySet<string> = new Set([
  'long',
  'long int',
  'int long',
  'unsigned long',
  'long unsigned',
  'unsigned long int',
  'unsigned int long',
  'long unsigned int',
  'long int unsigned',
  'int unsigned long',
  'int long unsigned',
]);
/** The default if BTF does not show the size: all kernels that run in guests, and the BPF target, have it. */
const USUAL_POINTER = 8;
const guessed = new WeakMap<Btf, 4 | 8>();

function guessPointerSize(btf: Btf): 4 | 8 {
  for (let id = 1; id < btf.endId; id++) {
    if (kindOf(btf, id) !== 'int') continue;
    const size = sizeField(btf, id);
    if ((size === 4 || size === 8) && LONG.has(nameOf(btf, id))) return size;
  }
  return USUAL_POINTER;
}

/**
 * Bytes of a pointer: the size of the first `long`, because both have the same size on every Linux machine. A module has that of its kernel.
 * @see btf__pointer_size() in libbpf's btf.c
 */
function pointerSizeOf(btf: Btf): 4 | 8 {
  if (btf.pointerSize !== null) return btf.pointerSize;
  if (btf.base !== null) return pointerSizeOf(btf.base);
  const known = guessed.get(btf) ?? guessPointerSize(btf);
  guessed.set(btf, known);
  return known;
}

/**
 * Size of a type in bytes as libbpf computes it; null if it has none, or if it is too large.
 * @param dimensions `last` counts only the last dimension of an array
 * @see btf__resolve_size() in libbpf's btf.c
 */
export function sizeOf(btf: Btf, id: number, dimensions: 'all' | 'last' = 'all'): number | null {
  let count = 1;
  let at = id;
  for (let depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
    const kind = kindOf(btf, at);
    if (kind === 'ptr' || SIZED.has(kind)) {
      const size = count * (kind === 'ptr' ? pointerSizeOf(btf) : sizeField(btf, at));
      return size > MAX_SIZE ? null : size;
    }
    const array = arrayOf(btf, at);
    if (array) {
      count = dimensions === 'all' ? count * array.length : array.length;
      if (count > MAX_SIZE) return null;
      at = array.element;
      continue;
    }
    if (!REFERRING.has(kind)) return null;
    at = referencedType(btf, at);
  }
  return null;
}

/** The id of the first type of that kind and name, or null. */
export function findType(btf: Btf, kind: BtfKind, name: string): number | null {
  for (let id = 1; id < btf.endId; id++) if (kindOf(btf, id) === kind && nameOf(btf, id) === name) return id;
  return null;
}
