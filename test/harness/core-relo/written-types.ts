// Writes BTF by hand: types have labels, so that a type can refer to another one before the ids are known.
import type { WrittenType } from '../bpf/btf/build-btf.ts';

type IdOf = (label: string) => number;
/** A type before the ids of the types that it refers to are known. */
export type Draft = (idOf: IdOf) => WrittenType;
/** Types by label, in the order of their ids. The label `void` is the id 0. */
export type Drafts = Readonly<Record<string, Draft>>;

/** The types of a BTF. */
export function writeTypes(drafts: Drafts): WrittenType[] {
  const labels = Object.keys(drafts);
  return Object.values(drafts).map((draft) =>
    draft((label) => {
      const id = label === 'void' ? 0 : labels.indexOf(label) + 1;
      if (id === 0 && label !== 'void') throw new Error(`no type has the label ${label}`);
      return id;
    }),
  );
}

/** An integer of some bytes. `from` is its first bit, `encoding` 1 if it is signed, 2 for a character, 4 for a boolean. */
export const integer = (name: string, size: number, { encoding = 0, from = 0, bits = size * 8 } = {}): Draft => {
  return () => ({ name, kind: 1, size, words: [(encoding << 24) | (from << 16) | bits] });
};

export const float = (name: string): Draft => {
  return () => ({ name, kind: 16, size: 4 });
};

export const pointer = (to: string): Draft => {
  return (idOf) => ({ kind: 2, size: idOf(to) });
};

export const array = (of: string, length: number): Draft => {
  return (idOf) => ({ kind: 3, words: [idOf(of), idOf(of), length] });
};

export const typedef = (name: string, to: string): Draft => {
  return (idOf) => ({ name, kind: 8, size: idOf(to) });
};

export const constant = (to: string): Draft => {
  return (idOf) => ({ kind: 10, size: idOf(to) });
};

/** A forward declaration. */
export const forward = (name: string, of: 'struct' | 'union' = 'struct'): Draft => {
  return () => ({ name, kind: 7, kindFlag: of === 'union' });
};

/** A member: its name, its type, its first bit, and the number of its bits if it is a bitfield. */
export type MemberDraft = readonly [name: string, type: string, from: number, bits?: number];

function composite(kind: number, name: string, size: number, members: readonly MemberDraft[]): Draft {
  const kindFlag = members.some(([, , , bits]) => bits !== undefined);
  return (idOf) => ({
    name,
    kind,
    kindFlag,
    vlen: members.length,
    size,
    words: members.flatMap(([member, type, from, bits = 0]) => [member, idOf(type), ((bits << 24) | from) >>> 0]),
  });
}

/** A struct of 16 bytes. */
export const struct = (name: string, ...members: MemberDraft[]): Draft => composite(4, name, 16, members);
/** A struct of some bytes. */
export const sized = (name: string, size: number, ...members: MemberDraft[]): Draft => composite(4, name, size, members);
export const union = (name: string, ...members: MemberDraft[]): Draft => composite(5, name, 16, members);

/** An enum with 32-bit values. */
export const enumeration = (name: string, values: Readonly<Record<string, number>>, { size = 4, signed = false } = {}): Draft => {
  const words = Object.entries(values).flatMap(([each, value]) => [each, value >>> 0]);
  return () => ({ name, kind: 6, kindFlag: signed, vlen: words.length / 2, size, words });
};

/** An enum with 64-bit values. */
export const wideEnumeration = (name: string, values: Readonly<Record<string, bigint>>, { size = 8, signed = false } = {}): Draft => {
  const words = Object.entries(values).flatMap(([each, value]) => [
    each,
    Number(BigInt.asUintN(32, value)),
    Number(BigInt.asUintN(32, value >> 32n)),
  ]);
  return () => ({ name, kind: 19, kindFlag: signed, vlen: words.length / 3, size, words });
};

/** The type of a function without a name. */
export const prototype = (result: string, ...parameters: string[]): Draft => {
  return (idOf) => ({ kind: 13, vlen: parameters.length, size: idOf(result), words: parameters.flatMap((type) => ['', idOf(type)]) });
};
