// The layout of a kernel type: members with their places, enumerators with their values, parameters in order.
import { type Btf, kindOf, nameOf, vlenOf } from '../../bpf/btf/btf.ts';
import { type NameIndex, typesWithName } from '../../bpf/btf/names.ts';
import { typeText } from '../../bpf/btf/type-text.ts';
import type { LayoutKind } from '../../base/vocabulary.ts';
import { enumeratorOf, isAnyEnum, isComposite, memberOf, parameterOf, referencedType, resolveType, sizeOf } from '../../bpf/btf/types.ts';

/** A member that code can name, also through anonymous structs and unions; an enumerator; a parameter. */
export interface LayoutEntry {
  name: string;
  /** From the start of the outer type, in bits; null for entries without a place. */
  bitOffset: number | null;
  /** Width of a bitfield in bits; 0 for other members. */
  bitSize: number;
  /** In bytes, or null. */
  size: number | null;
  /** The type as C writes it; the value of an enumerator. */
  type: string;
  /** The number of an argument, from 1; absent for everything else, and for the data that a tracepoint gets before its arguments. */
  position?: number;
}

export interface TypeLayout {
  kind: LayoutKind;
  /** `struct inode`, `enum bpf_map_type`; for other types the type that the name refers to. */
  text: string;
  size: number | null;
  entries: LayoutEntry[];
  /** Nested members, up to two structs deep, by path: `thread_info.cpu`. A removed member may have moved there. */
  inner: LayoutEntry[];
  /** Number of other types of this kind with this name. */
  others: number;
}

const MAX_ENTRIES = 20_000;
const MAX_ANONYMOUS = 16;
const INNER_DEPTH = 2;
const TRACEPOINT = 'btf_trace_';
const KINDS = ['struct', 'union', 'enum', 'typedef', 'func', 'int', 'float'] as const;
/** Kinds that C writes before a name. */
const KEYWORDS: ReadonlySet<string> = new Set(['struct', 'union', 'enum', 'typedef', 'func']);
type Wanted = (typeof KINDS)[number];

interface Walk {
  btf: Btf;
  entries: LayoutEntry[];
}

/** A struct or union on the path to a member. */
interface Container {
  id: number;
  /** From the start of the outer type. */
  bitOffset: number;
  /** Prefix for the names of its members. */
  prefix: string;
  depth: number;
}

function walkMembers(walk: Walk, { id, bitOffset: start, prefix, depth }: Container): void {
  const { btf, entries } = walk;
  for (let index = 0; index < vlenOf(btf, id) && entries.length < MAX_ENTRIES; index++) {
    const member = memberOf(btf, id, index);
    if (!member) return;
    const bitOffset = start + member.bitOffset;
    const type = resolveType(btf, member.type);
    if (member.name !== '' || !isComposite(kindOf(btf, type))) {
      const { bitSize } = member;
      entries.push({ name: prefix + member.name, bitOffset, bitSize, size: sizeOf(btf, member.type), type: typeText(btf, member.type) });
    } else if (depth < MAX_ANONYMOUS) {
      walkMembers(walk, { id: type, bitOffset, prefix, depth: depth + 1 });
    }
  }
}

/** Members of the structs that are embedded in a struct. */
function walkInner(walk: Walk, { id, bitOffset: start, prefix, depth }: Container): void {
  const { btf } = walk;
  for (let index = 0; index < vlenOf(btf, id) && walk.entries.length < MAX_ENTRIES; index++) {
    const member = memberOf(btf, id, index);
    const type = member ? resolveType(btf, member.type) : 0;
    if (!member || !isComposite(kindOf(btf, type))) continue;
    const path = member.name === '' ? prefix : `${prefix}${member.name}.`;
    const inner = { id: type, bitOffset: start + member.bitOffset, prefix: path };
    if (member.name !== '') walkMembers(walk, { ...inner, depth: 0 });
    if (depth < INNER_DEPTH) walkInner(walk, { ...inner, depth: depth + 1 });
  }
}

function enumerators(btf: Btf, id: number): LayoutEntry[] {
  return Array.from({ length: Math.min(vlenOf(btf, id), MAX_ENTRIES) }, (_, index) => {
    const { name, value } = enumeratorOf(btf, id, index) ?? { name: '', value: 0n };
    return { name, bitOffset: null, bitSize: 0, size: null, type: String(value) };
  });
}

/** @param first the number of the first parameter: 0 for tracepoints, whose first parameter is no argument */
function parameters(btf: Btf, id: number, first: 0 | 1): LayoutEntry[] {
  const own = Array.from({ length: Math.min(vlenOf(btf, id), MAX_ENTRIES) }, (_, index) => {
    const { name, type } = parameterOf(btf, id, index) ?? { name: '', type: 0 };
    const position = index + first;
    const entry = { name: name || `#${position}`, bitOffset: null, bitSize: 0, size: sizeOf(btf, type), type: typeText(btf, type) };
    return position > 0 ? { ...entry, position } : entry;
  });
  const result = referencedType(btf, id);
  return [...own, { name: 'return', bitOffset: null, bitSize: 0, size: sizeOf(btf, result), type: typeText(btf, result) }];
}

function layoutAt(btf: Btf, named: number, others: number): TypeLayout {
  const isFunction = kindOf(btf, named) === 'func';
  let id = isFunction ? referencedType(btf, named) : resolveType(btf, named);
  // Tracepoints are typedefs of pointers to functions.
  if (kindOf(btf, id) === 'ptr') {
    const behind = resolveType(btf, referencedType(btf, id));
    if (kindOf(btf, behind) === 'func_proto') id = behind;
  }
  const kind = kindOf(btf, id);
  const text = isFunction ? nameOf(btf, named) : typeText(btf, named);
  const common = { text, size: sizeOf(btf, id), inner: [], others };
  if (isAnyEnum(kind)) return { ...common, kind: 'enum', entries: enumerators(btf, id) };
  if (kind === 'func_proto')
    return { ...common, kind: 'function', size: null, entries: parameters(btf, id, text.startsWith(TRACEPOINT) ? 0 : 1) };
  // A base type refers to no other.
  if (named === id && (kind === 'int' || kind === 'float')) return { ...common, kind: 'other', entries: [] };
  if (kind !== 'struct' && kind !== 'union') {
    const entry = { name: '', bitOffset: null, bitSize: 0, size: sizeOf(btf, id), type: typeText(btf, referencedType(btf, named)) };
    return { ...common, kind: 'other', entries: [entry] };
  }
  const [outer, inner]: [Walk, Walk] = [
    { btf, entries: [] },
    { btf, entries: [] },
  ];
  walkMembers(outer, { id, bitOffset: 0, prefix: '', depth: 0 });
  walkInner(inner, { id, bitOffset: 0, prefix: '', depth: 1 });
  return { ...common, kind, entries: outer.entries, inner: inner.entries };
}

/** `struct inode` finds structs only, `inode` the first type in the order of KINDS, `unsigned int` the base type of that name. */
function wantedKinds(text: string): { kinds: readonly Wanted[]; name: string } {
  const [first = '', ...rest] = text.trim().split(/\s+/);
  const kind = rest.length === 0 || !KEYWORDS.has(first) ? undefined : KINDS.find((each) => each === first);
  return kind ? { kinds: [kind], name: rest.join(' ') } : { kinds: KINDS, name: [first, ...rest].join(' ') };
}

const BASE_WORDS: ReadonlySet<string> = new Set(['unsigned', 'signed', 'long', 'short', 'int']);

/**
 * The names in BTF of a type as C may write it: `unsigned long` is `long unsigned int` where GCC made the BTF, and `unsigned long` where Clang
 * did. A name of any other type is itself.
 */
function spellingsOf(name: string): readonly string[] {
  const words = name.split(' ');
  if (!words.every((word) => BASE_WORDS.has(word))) return [name];
  const sizes = words.filter((word) => word === 'long' || word === 'short');
  const unsigned = words.includes('unsigned') ? ['unsigned'] : [];
  const byGcc = [...sizes, ...unsigned, 'int'];
  const byClang = [...unsigned, ...(sizes.length > 0 ? sizes : ['int'])];
  return [...new Set([name, byGcc.join(' '), byClang.join(' ')])];
}

/** The names of the types that a text may mean, such as those of all structs for `struct tsk`; for a question after a name that is unknown. */
export function namesOfKind({ btf }: NameIndex, text: string): string[] {
  const { kinds } = wantedKinds(text);
  const wanted = new Set<string>(kinds);
  const names: string[] = [];
  for (let id = btf.startId; id < btf.startId + btf.starts.length; id++) {
    const kind = kindOf(btf, id);
    if (wanted.has(isAnyEnum(kind) ? 'enum' : kind)) names.push(nameOf(btf, id));
  }
  return names;
}

/**
 * The layout of a type by its name, such as `inode`, `struct inode`, `bpf_map_type`, `btf_trace_sched_switch` or a function's name; null
 * if the kernel has no such type, or only a forward declaration.
 */
export function findLayout(index: NameIndex, text: string): TypeLayout | null {
  const { kinds, name } = wantedKinds(text);
  const { btf } = index;
  const ids = name === '' ? [] : spellingsOf(name).flatMap((spelling) => typesWithName(index, spelling));
  for (const kind of kinds) {
    const found = ids.filter((id) => (kind === 'enum' ? isAnyEnum(kindOf(btf, id)) : kindOf(btf, id) === kind));
    const [first] = found;
    if (first !== undefined) return layoutAt(btf, first, found.length - 1);
  }
  return null;
}
