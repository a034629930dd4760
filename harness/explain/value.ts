// Compares by BTF what two accesses read: kind, width, sign, array element, pointer target, address or content.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { arrayOf, isComposite, referencedType, resolveType } from '../bpf/btf/types.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';
import { type Step, stepsOf, walk } from './path.ts';
import { integerFacts, typeText } from './type-text.ts';

/** A place in an array on the way to a value. */
export interface Element {
  index: number;
  /** 0 if the length is unknown. */
  length: number;
  /** True if the element itself is the value. */
  last: boolean;
}

interface Reached {
  /** The last array on the path; null if there is none. */
  element: Element | null;
}

/**
 * How a number differs from what it counts: it is one less and negative without references, or the CPUs hold a part of it.
 * @see include/linux/rcuref.h, include/linux/file_ref.h and include/linux/percpu_counter.h of the kernel
 */
const COUNTS: Readonly<Record<string, 'one-less' | 'part'>> = { rcuref_t: 'one-less', file_ref_t: 'one-less', percpu_counter: 'part' };

/** What an access reads. An access that ends at an array, struct or union gives its address. */
export type Value = Reached &
  /** A bool has one bit. `counts` is absent if the number is what it counts. */
  (
    | { kind: 'number'; bits: number; signed: boolean; bitfield: boolean; counts?: 'one-less' | 'part' }
    /** `to` is the type of the target in C, without qualifiers and flavors. */
    | { kind: 'pointer'; to: string }
    /** `of` is the type at the address in C; of an array, the type of an element. */
    | { kind: 'address'; of: string; elements: number | null }
  );

/** How to compute a value from another number. */
export type Conversion =
  | { what: 'bits'; shift: number; width: number }
  | { what: 'is-not-zero' }
  | { what: 'equals'; number: number }
  /** Counts from 0 for the first reference, and is negative if there is no reference. */
  | { what: 'one-more' };

export type Comparison = { same: true; as: Conversion | null } | { same: false; why: string };

function plainText(btf: Btf, type: number): string {
  const text = typeText(btf, type).replaceAll(/\b(?:const|volatile|restrict) /g, '');
  return text.replaceAll(/\w+/g, (word) => essentialName(word));
}

function elementOf(btf: Btf, root: number, steps: readonly Step[]): Element | null {
  const at = steps.findLastIndex((step) => typeof step === 'number');
  const index = steps[at];
  if (typeof index !== 'number') return null;
  const array = arrayOf(btf, resolveType(btf, walk(btf, root, steps.slice(0, at)).type));
  return { index, length: array?.length ?? 0, last: at === steps.length - 1 };
}

/** The type behind a pointer; null if the type is no pointer. */
function pointedBy(btf: Btf, type: number): number | null {
  const id = resolveType(btf, type);
  return kindOf(btf, id) === 'ptr' ? referencedType(btf, id) : null;
}

/** How the number at the end of a path differs from what it counts, by the names of the types on the path. */
function countsOf(btf: Btf, root: number, steps: readonly Step[]): { counts?: 'one-less' | 'part' } {
  for (let length = 1; length < steps.length; length++) {
    const { type } = walk(btf, root, steps.slice(0, length));
    const counts = COUNTS[nameOf(btf, type)] ?? COUNTS[nameOf(btf, resolveType(btf, type))];
    if (counts !== undefined) return { counts };
  }
  return {};
}

/**
 * What an access reads.
 * @param paths from the root type on; a further path starts behind the pointer at the end of the path before
 * @returns null if the type lacks a member on the way, or if the value is of another kind, such as a floating point number
 */
export function valueAt(btf: Btf, root: number, paths: readonly (readonly Step[])[]): Value | null {
  const [steps = [], ...further] = paths;
  const { walked, type, last } = walk(btf, root, steps);
  if (walked < steps.length) return null;
  if (further.length > 0) {
    const pointed = pointedBy(btf, type);
    return pointed === null ? null : valueAt(btf, resolveType(btf, pointed), further);
  }
  const element = elementOf(btf, root, steps);
  const bitSize = typeof steps.at(-1) === 'string' ? (last?.member.bitSize ?? 0) : 0;
  const integer = integerFacts(btf, type);
  if (integer) {
    const whole = integer.bool ? 1 : integer.size * 8;
    const bits = bitSize > 0 ? bitSize : whole;
    return { kind: 'number', bits, signed: integer.signed, bitfield: bitSize > 0, element, ...countsOf(btf, root, steps) };
  }
  const pointed = pointedBy(btf, type);
  if (pointed !== null) return { kind: 'pointer', to: plainText(btf, pointed), element };
  const id = resolveType(btf, type);
  const array = arrayOf(btf, id);
  if (array) return { kind: 'address', of: plainText(btf, array.element), elements: array.length, element };
  const named = isComposite(kindOf(btf, id)) && nameOf(btf, id) !== '';
  return named ? { kind: 'address', of: plainText(btf, id), elements: null, element } : null;
}

/**
 * The address of the value at the end of a path.
 * @returns null if the type lacks a member on the way, or if the value is a bitfield, which has no address
 */
export function addressAt(btf: Btf, root: number, paths: readonly (readonly Step[])[]): Value | null {
  const value = valueAt(btf, root, paths);
  const [steps = [], ...further] = paths;
  if (!value || value.kind === 'address') return value;
  if (further.length > 0 || (value.kind === 'number' && value.bitfield)) return null;
  return { kind: 'address', of: plainText(btf, resolveType(btf, walk(btf, root, steps).type)), elements: null, element: value.element };
}

/** What a spec reads, with the types of the object or kernel that the spec is from. */
export function valueOf(spec: CoreSpec): Value | null {
  return valueAt(spec.btf, spec.rootId, [stepsOf(spec)]);
}

const bitsText = (bits: number) => (bits === 1 ? '1 bit' : `${bits} bits`);

const KINDS = { number: 'a number', pointer: 'a pointer', address: 'an array or struct' } as const satisfies Record<Value['kind'], string>;

/** The value after a conversion, or the reason why the value cannot be converted. */
function converted(value: Value, as: Conversion | null): Value | string {
  if (as === null) return value;
  if (value.kind !== 'number') return `${value.kind === 'address' ? 'an address' : KINDS[value.kind]} cannot be converted`;
  if (as.what === 'one-more') return { kind: 'number', bits: value.bits, signed: value.signed, bitfield: false, element: null };
  const bits = as.what === 'bits' ? as.width : 1;
  if (as.what === 'bits' && as.shift + bits > value.bits) return `${bitsText(value.bits)} do not contain bit ${as.shift + bits - 1}`;
  return { kind: 'number', bits, signed: false, bitfield: false, element: null };
}

function elementsDiffer(before: Element | null, after: Element | null): string | null {
  if (before?.index === after?.index) return null;
  if (!before) return `element ${after?.index} of an array is only a part of it`;
  return after ? `the index ${before.index} became ${after.index}` : `element ${before.index} of an array became one value`;
}

const addressText = ({ of, elements }: Extract<Value, { kind: 'address' }>) => (elements === null ? of : `an array of ${of}`);

type Numeric = Extract<Value, { kind: 'number' }>;

function countsDiffer(before: Numeric, after: Numeric): string | null {
  if (before.counts === after.counts) return null;
  if (after.counts === 'part') return 'the sum of a percpu_counter lacks what each CPU still holds';
  return after.counts === 'one-less'
    ? 'it is one less than the count'
    : `it is the count, but the program reads ${before.counts === 'part' ? 'a percpu_counter' : 'one less'}`;
}

/** A count that became one less than the count. */
function becameOneLess(before: Value, after: Value): Conversion | null {
  if (before.kind !== 'number' || after.kind !== 'number' || before.counts !== undefined || after.counts !== 'one-less') return null;
  return typesDiffer(before, { kind: 'number', bits: after.bits, signed: after.signed, bitfield: false, element: null }) === null
    ? { what: 'one-more' }
    : null;
}

/** The type of the value differs: why; null if it is the same. */
function typesDiffer(before: Value, after: Value): string | null {
  if (before.kind === 'number' && after.kind === 'number') {
    if (before.bits !== after.bits) return `it has ${bitsText(after.bits)}, but the program reads ${bitsText(before.bits)}`;
    // One bit is 0 or 1, whatever the sign of its type.
    if (before.signed !== after.signed && before.bits > 1)
      return `it is ${after.signed ? 'signed' : 'unsigned'}, but the program reads it as ${before.signed ? 'signed' : 'unsigned'}`;
    return countsDiffer(before, after);
  }
  if (before.kind === 'pointer' && after.kind === 'pointer')
    return before.to === after.to ? null : `it points to ${after.to}, but the program reads a pointer to ${before.to}`;
  if (before.kind === 'address' && after.kind === 'address') {
    if (before.of !== after.of || (before.elements === null) !== (after.elements === null))
      return `it is ${addressText(after)}, but ${addressText(before)} was there`;
    const shorter = before.elements !== null && after.elements !== null && after.elements > 0 && after.elements < before.elements;
    return shorter ? `the array has ${after.elements} elements, but had ${before.elements}` : null;
  }
  return `it is ${KINDS[after.kind]}, but ${KINDS[before.kind]} was there`;
}

/** An element of an array that became one number with the bits of the whole array. */
function partOfWord(before: Value, after: Value): Conversion | null {
  const { element } = before;
  if (before.kind !== 'number' || after.kind !== 'number' || !element?.last || after.element || after.bitfield) return null;
  if (element.length < 2 || element.length * before.bits !== after.bits) return null;
  return { what: 'bits', shift: element.index * before.bits, width: before.bits };
}

/**
 * Decides by BTF whether an access reads the value of another one.
 * @param before the value that a program was written for
 * @param after the value that a kernel has instead
 */
export function compareValues(before: Value, after: Value): Comparison {
  const as = partOfWord(before, after) ?? becameOneLess(before, after);
  if (as) return { same: true, as };
  const why = typesDiffer(before, after) ?? elementsDiffer(before.element, after.element);
  return why === null ? { same: true, as: null } : { same: false, why };
}

/**
 * Decides whether a conversion that a known change states gives a value of the right type.
 * @param sameNumber true if the known change states that the integer type differs, but not the number
 */
export function compareConverted(
  before: Value,
  after: Value,
  { as, sameNumber }: { as: Conversion | null; sameNumber: boolean },
): Comparison {
  const result = converted(after, as);
  if (typeof result === 'string') return { same: false, why: result };
  if (sameNumber && before.kind === 'number' && result.kind === 'number') return { same: true, as };
  const why = typesDiffer(before, result);
  return why === null ? { same: true, as } : { same: false, why };
}
