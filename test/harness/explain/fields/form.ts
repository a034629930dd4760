// Reads the forms of a value from the types of a kernel, independently of explain: where the value is, and what a program must read there.
import { type Btf, kindOf, nameOf, vlenOf } from '../../../../harness/bpf/btf/btf.ts';
import { typesWithName } from '../../../../harness/bpf/btf/names.ts';
import {
  arrayOf,
  integerOf,
  isAnyEnum,
  isComposite,
  memberOf,
  referencedType,
  resolveType,
  sizeOf,
} from '../../../../harness/bpf/btf/types.ts';
import type { KernelTypes } from '../../../../harness/core-relo/candidates.ts';
import type { FieldCase } from './fields.ts';

/** A value in a kernel. */
export interface Place {
  /** Text of the form. */
  form: string;
  /** Byte offsets of the pointers on the way, each in the struct that the one before points to. */
  pointers: number[];
  /** Offset and width in bits in the last struct. */
  bit: number;
  width: number;
  signed: boolean;
  /** The number is only ever 0 or 1. */
  bool: boolean;
  /** The value is the address. */
  address: boolean;
  /** Computes the value from the number. */
  convert: (number: bigint) => bigint;
}

interface At {
  type: number;
  bit: number;
  /** Width of a bitfield, else 0. */
  bitSize: number;
}

function memberAt(btf: Btf, { type, bit }: At, name: string): At | null {
  const id = resolveType(btf, type);
  if (!isComposite(kindOf(btf, id))) return null;
  for (let index = 0; index < vlenOf(btf, id); index++) {
    const member = memberOf(btf, id, index);
    if (!member) continue;
    const inside = { type: member.type, bit: bit + member.bitOffset, bitSize: member.bitSize };
    if (member.name === name) return inside;
    const deeper = member.name === '' ? memberAt(btf, inside, name) : null;
    if (deeper) return deeper;
  }
  return null;
}

function elementAt(btf: Btf, { type, bit }: At, index: number): At | null {
  const array = arrayOf(btf, resolveType(btf, type));
  return array && { type: array.element, bit: bit + index * 8 * (sizeOf(btf, array.element) ?? 0), bitSize: 0 };
}

function pathAt(btf: Btf, root: number, path: string): At | null {
  let at: At | null = { type: root, bit: 0, bitSize: 0 };
  for (const [, name, index] of path.matchAll(/([A-Za-z_]\w*)|\[(\d+)\]/g)) {
    if (!at) return null;
    at = name === undefined ? elementAt(btf, at, Number(index)) : memberAt(btf, at, name);
  }
  return at;
}

const bits = (from: number, to: number) => (number: bigint) =>
  (BigInt.asUintN(64, number) >> BigInt(from)) & ((1n << BigInt(to - from + 1)) - 1n);

const OPERATIONS: readonly (readonly [RegExp, (from: number, to: number) => (number: bigint) => bigint])[] = [
  [/^(.*) bit (\d+)$/, (from) => bits(from, from)],
  [/^(.*) bits (\d+)-(\d+)$/, bits],
  [/^(.*) != 0$/, () => (number) => (number === 0n ? 0n : 1n)],
  [/^(.*) == (\d+)$/, (wanted) => (number) => (number === BigInt(wanted) ? 1n : 0n)],
  [/^(.*) \+ 1$/, () => (number) => (number < 0n ? 0n : number + 1n)],
];

function operationOf(form: string): { path: string; convert: Place['convert'] } {
  for (const [pattern, convert] of OPERATIONS) {
    const [, path, from, to] = pattern.exec(form) ?? [];
    if (path !== undefined) return { path, convert: convert(Number(from), Number(to)) };
  }
  return { path: form, convert: (number) => number };
}

const SIGNED = 1;
const BOOL = 4;

function placeOf(btf: Btf, root: number, form: string): Place | null {
  const { path, convert } = operationOf(form.replace(/^&/, ''));
  const hops = path.split('->');
  const pointers: number[] = [];
  let struct = root;
  for (const hop of hops.slice(0, -1)) {
    const at = pathAt(btf, struct, hop);
    const id = at ? resolveType(btf, at.type) : 0;
    if (!at || kindOf(btf, id) !== 'ptr') return null;
    pointers.push(at.bit / 8);
    struct = resolveType(btf, referencedType(btf, id));
  }
  const at = pathAt(btf, struct, hops.at(-1) ?? '');
  if (!at) return null;
  const id = resolveType(btf, at.type);
  const kind = kindOf(btf, id);
  const address = form.startsWith('&');
  if (!address && kind !== 'int' && kind !== 'ptr' && !isAnyEnum(kind)) return null;
  const width = at.bitSize > 0 ? at.bitSize : (sizeOf(btf, id) ?? 0) * 8;
  const encoding = kind === 'int' ? integerOf(btf, id).encoding : 0;
  const [signed, bool] = [(encoding & SIGNED) !== 0, (encoding & BOOL) !== 0 && at.bitSize === 0];
  return { form, pointers, bit: at.bit, width, signed, bool, address, convert };
}

/** The first form of a field that a kernel has; null if it has none. */
export function placeIn({ vmlinux }: KernelTypes, { access: { type }, forms, signed }: FieldCase): Place | null {
  const { btf } = vmlinux;
  const roots = typesWithName(vmlinux, type).filter((id) => isComposite(kindOf(btf, id)) && nameOf(btf, id) === type);
  for (const form of forms) {
    for (const root of roots) {
      const place = placeOf(btf, root, form);
      if (place) return { ...place, signed: place.signed || signed };
    }
  }
  return null;
}

/** The value that a program reads at a place, if the last struct begins at `start` in the memory. As 64 bits; for an address, the offset. */
export function valueIn(memory: Uint8Array, start: number, place: Place): bigint {
  if (place.address) return BigInt(place.bit / 8);
  const first = Math.floor(place.bit / 8);
  const bytes = memory.subarray(start + first, start + first + 9);
  const word = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const raw = BigInt.asUintN(place.width, word >> BigInt(place.bit % 8));
  return BigInt.asUintN(64, place.convert(place.signed ? BigInt.asIntN(place.width, raw) : raw));
}
