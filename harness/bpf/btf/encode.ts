// Values as configurations write them, as the bytes of a BTF type.
import { type Btf, kindOf } from './btf.ts';
import { allEnumerators, allMembers, arrayOf, integerOf, isAnyEnum, resolveType, sizeField, sizeOf } from './types.ts';
import { typeText } from './type-text.ts';

/** A value of the configuration: a list for an array, members by name for a struct. */
export type Value = boolean | number | string | readonly Value[] | { readonly [member: string]: Value };

/** The bytes, or one line with the problem and the expected form. */
export type Encoded = { ok: true; bytes: Uint8Array } | { ok: false; problem: string };

/** `path` leads to the part of the value that is wrong: `[3]`, `.limit`. */
type Part = { ok: true; bytes: Uint8Array } | { ok: false; path: string; problem: string };

const ENCODING = { signed: 1, char: 2, bool: 4 } as const;
const MAX_DEPTH = 16;
const MAX_LISTED = 20;
const WHOLE_NUMBER = /^-?(?:\d{1,40}|0[xX][\da-fA-F]{1,32})$/;

function problem(text: string): Part {
  return { ok: false, path: '', problem: text };
}

function within(path: string, part: Part): Part {
  return part.ok ? part : { ...part, path: `${path}${part.path}` };
}

function shown(value: Value): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A whole number, exact; null for anything else. */
function wholeNumber(value: Value): bigint | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : null;
  if (typeof value !== 'string' || !WHOLE_NUMBER.test(value)) return null;
  return value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value);
}

function integerBytes(value: bigint, size: number, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) bytes[littleEndian ? index : size - 1 - index] = Number((value >> BigInt(index * 8)) & 0xffn);
  return bytes;
}

/** The type according to which a value is written. */
interface Target {
  btf: Btf;
  id: number;
  /** The type in C. */
  type: string;
  littleEndian: boolean;
  /** The number of arrays and structs around it. */
  depth: number;
}

function ranged({ btf, id, type, littleEndian }: Target, value: bigint, signed: boolean): Part {
  const size = sizeField(btf, id);
  const bits = BigInt(size * 8);
  const [least, most] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  if (value < least || value > most) return problem(`${value} does not fit ${type} (${least} to ${most})`);
  return { ok: true, bytes: integerBytes(value, size, littleEndian) };
}

function encodeInteger(target: Target, value: Value): Part {
  const { btf, id, type, littleEndian } = target;
  const { encoding } = integerOf(btf, id);
  if ((encoding & ENCODING.bool) !== 0) {
    if (typeof value === 'boolean') return { ok: true, bytes: integerBytes(value ? 1n : 0n, sizeField(btf, id), littleEndian) };
    return problem(`${shown(value)} is no ${type}; expected true or false`);
  }
  const number = wholeNumber(value);
  if (number !== null) return ranged(target, number, (encoding & ENCODING.signed) !== 0);
  if (typeof value === 'number' && Number.isInteger(value))
    return problem(`${value} is too large to be written as a number; write it as text: "0x..."`);
  return problem(`${shown(value)} is no ${type}; expected a whole number`);
}

function encodeEnum(target: Target, value: Value): Part {
  const { btf, id, type } = target;
  const all = allEnumerators(btf, id);
  const named = all.find(({ name }) => name === value);
  const number = named?.value ?? wholeNumber(value);
  if (number === null) {
    const names = all.slice(0, MAX_LISTED).map(({ name }) => name);
    return problem(`${shown(value)} is not in ${type}; it has: ${names.join(', ')}${all.length > MAX_LISTED ? ', ...' : ''}`);
  }
  const signed = number < 0n || all.some((each) => each.value < 0n);
  return ranged(target, number, signed);
}

function encodeFloat({ btf, id, type, littleEndian }: Target, value: Value): Part {
  const size = sizeField(btf, id);
  if (typeof value !== 'number' || (size !== 4 && size !== 8)) return problem(`${shown(value)} is no ${type}; expected a number`);
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, littleEndian);
  else view.setFloat64(0, value, littleEndian);
  return { ok: true, bytes: new Uint8Array(view.buffer) };
}

function encodeText(text: string, length: number, type: string): Part {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length >= length) {
    return problem(`${shown(text)} does not fit ${type}: ${encoded.length} bytes and the 0 behind them are more than ${length}`);
  }
  const bytes = new Uint8Array(length);
  bytes.set(encoded);
  return { ok: true, bytes };
}

/** Whether an array holds text: its elements are one-byte integers. */
function isText(btf: Btf, element: number): boolean {
  const id = resolveType(btf, element);
  return kindOf(btf, id) === 'int' && sizeField(btf, id) === 1 && (integerOf(btf, id).encoding & ENCODING.bool) === 0;
}

function encodeArray(target: Target, { element, length }: { element: number; length: number }, value: Value): Part {
  const { btf, type } = target;
  if (typeof value === 'string' && isText(btf, element)) return encodeText(value, length, type);
  if (!Array.isArray(value))
    return problem(`${shown(value)} is no ${type}; expected ${isText(btf, element) ? 'text or a list' : 'a list'}`);
  if (value.length > length) return problem(`${value.length} elements do not fit ${type}`);
  const size = sizeOf(btf, element);
  if (size === null) return problem(`${type} has no size`);
  const bytes = new Uint8Array(size * length);
  for (const [index, each] of value.entries()) {
    const encoded = encode({ ...target, id: element, depth: target.depth + 1 }, each);
    if (!encoded.ok) return within(`[${index}]`, encoded);
    bytes.set(encoded.bytes, index * size);
  }
  return { ok: true, bytes };
}

function encodeStruct(target: Target, value: Value): Part {
  const { btf, id, type } = target;
  if (typeof value !== 'object' || Array.isArray(value)) return problem(`${shown(value)} is no ${type}; expected its members by name`);
  const members = allMembers(btf, id);
  const bytes = new Uint8Array(sizeField(btf, id));
  for (const [name, each] of Object.entries(value)) {
    const member = members.find((one) => one.name === name);
    if (!member) return problem(`${type} has no member "${name}"; it has: ${members.map((one) => one.name).join(', ')}`);
    if (member.bitSize !== 0) return problem(`${type}.${name} is a bitfield, which cannot be set`);
    const encoded = encode({ ...target, id: member.type, depth: target.depth + 1 }, each);
    if (!encoded.ok) return within(`.${name}`, encoded);
    const at = member.bitOffset / 8;
    if (at + encoded.bytes.length > bytes.length) return problem(`${type}.${name} lies outside of it`);
    bytes.set(encoded.bytes, at);
  }
  return { ok: true, bytes };
}

function encode({ btf, id, littleEndian, depth }: Omit<Target, 'type'>, value: Value): Part {
  const type = typeText(btf, id).replaceAll(/\b(?:const|volatile) /g, '');
  const target: Target = { btf, id: resolveType(btf, id), type, littleEndian, depth };
  const kind = kindOf(btf, target.id);
  const array = arrayOf(btf, target.id);
  if (depth > MAX_DEPTH) return problem('it nests too deeply');
  if (kind === 'int') return encodeInteger(target, value);
  if (isAnyEnum(kind)) return encodeEnum(target, value);
  if (kind === 'float') return encodeFloat(target, value);
  if (array) return encodeArray(target, array, value);
  if (kind === 'struct' || kind === 'union') return encodeStruct(target, value);
  return problem(`a value of type ${type} cannot be set`);
}

/**
 * The bytes of a type for a value: integers and enums in their range, booleans, text in arrays of one-byte integers (with the 0 that ends
 * it), lists in other arrays and members of structs, where unnamed members become 0.
 */
export function encodeValue(btf: Btf, id: number, value: Value, littleEndian: boolean): Encoded {
  const encoded = encode({ btf, id, littleEndian, depth: 0 }, value);
  if (encoded.ok) return encoded;
  return { ok: false, problem: encoded.path === '' ? encoded.problem : `${encoded.path}: ${encoded.problem}` };
}
