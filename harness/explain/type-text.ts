// Writes BTF types in C: as short text, and as declarations that compile without other types.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import {
  arrayOf,
  integerOf,
  isAnyEnum,
  isComposite,
  type Member,
  referencedType,
  resolveType,
  sizeField,
  sizeOf,
} from '../bpf/btf/types.ts';

const MAX_DEPTH = 32;
const SIGNED = 1;
const BOOL = 4;
const QUALIFIERS = new Set(['const', 'volatile', 'restrict']);

/**
 * The C text of a type: `struct percpu_counter[4]`, `volatile long`, `struct task_struct *`. A function type is only `function`.
 */
export function typeText(btf: Btf, id: number, depth = 0): string {
  if (depth > MAX_DEPTH) return '...';
  const kind = kindOf(btf, id);
  const name = nameOf(btf, id);
  const inner = () => typeText(btf, referencedType(btf, id), depth + 1);
  if (kind === 'void') return 'void';
  if (kind === 'ptr') {
    const pointed = inner();
    return pointed.endsWith('*') ? `${pointed}*` : `${pointed} *`;
  }
  if (QUALIFIERS.has(kind)) return `${kind} ${inner()}`;
  if (kind === 'type_tag') return inner();
  if (kind === 'func_proto') return 'function';
  if (kind === 'enum64') return `enum ${name || '{...}'}`;
  if (kind === 'fwd') return `struct ${name}`;
  if (isComposite(kind) || kind === 'enum') return `${kind} ${name || '{...}'}`;
  const array = arrayOf(btf, id);
  return array ? `${typeText(btf, array.element, depth + 1)}[${array.length}]` : name || kind;
}

/** The C text of a member's type, with the width of a bitfield. */
export function memberText(btf: Btf, { type, bitSize }: Pick<Member, 'type' | 'bitSize'>): string {
  return bitSize > 0 ? `${typeText(btf, type)}:${bitSize}` : typeText(btf, type);
}

const UNSIGNED_BY_SIZE: Readonly<Record<number, string>> = { 1: 'char', 2: 'short', 4: 'int', 8: 'long long', 16: '__int128' };

/** The C type of an integer with this many bytes. */
export function integerText(size: number, signed: boolean): string {
  const base = UNSIGNED_BY_SIZE[size] ?? 'long long';
  if (base === 'char') return signed ? 'signed char' : 'unsigned char';
  return signed ? base : `unsigned ${base}`;
}

/** True for integers, pointers and enums, whose values fit a register. */
export function isScalar(btf: Btf, type: number): boolean {
  const kind = kindOf(btf, resolveType(btf, type));
  return kind === 'int' || kind === 'ptr' || isAnyEnum(kind);
}

export interface IntegerFacts {
  /** In bytes. */
  size: number;
  signed: boolean;
  bool: boolean;
}

/** Size in bytes and sign of an integer or enum; null for other types. */
export function integerFacts(btf: Btf, type: number): IntegerFacts | null {
  const id = resolveType(btf, type);
  const kind = kindOf(btf, id);
  if (isAnyEnum(kind)) return { size: sizeField(btf, id), signed: false, bool: false };
  if (kind !== 'int') return null;
  const { encoding } = integerOf(btf, id);
  return { size: sizeField(btf, id), signed: (encoding & SIGNED) !== 0, bool: (encoding & BOOL) !== 0 };
}

/**
 * Declares a name with a type that CO-RE accepts for the given one and that compiles alone: pointers to void, integers by size, enums and
 * structs without a name.
 * @param unique name for the enumerator of an enum, which must be unique in C
 */
export function standaloneDeclaration(btf: Btf, type: number, name: string, unique: string): string {
  const id = resolveType(btf, type);
  const kind = kindOf(btf, id);
  const array = arrayOf(btf, id);
  if (array) return standaloneDeclaration(btf, array.element, `${name}[${array.length}]`, unique);
  if (kind === 'ptr') return `void *${name};`;
  const integer = integerFacts(btf, id);
  if (integer && isAnyEnum(kind)) {
    const size = integer.size === 1 ? ' __attribute__((packed))' : '';
    const value = integer.size === 8 ? ' = 1ULL << 40' : '';
    return `enum { ${unique}${value} }${size} ${name};`;
  }
  if (integer) return integer.bool ? `_Bool ${name};` : `${integerText(integer.size, integer.signed)} ${name};`;
  if (kind === 'struct' || kind === 'union') return `struct { char bytes[${sizeOf(btf, id) ?? 1}]; } ${name};`;
  return `char ${name}[${sizeOf(btf, id) ?? 1}];`;
}
