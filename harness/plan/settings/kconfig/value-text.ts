// Values of `__kconfig` variables as a kernel configuration writes them.
import { type Btf, kindOf, nameOf } from '../../../bpf/btf/btf.ts';
import { arrayOf, integerOf, resolveType, sizeField } from '../../../bpf/btf/types.ts';

/** A value as YAML has it. */
export type KconfigValue = boolean | number | string;

type Kind = 'bool' | 'tristate' | 'char' | 'number' | 'text' | 'unknown';

const EXPECTED = {
  bool: 'true or false',
  tristate: 'true, false or m',
  char: 'true, false, m, or a number of one byte',
  number: 'a whole number in its range',
  text: 'text that fits it',
  unknown: 'a type that libbpf can fill: bool, char, enum libbpf_tristate, an integer or char[]',
} as const satisfies Record<Kind, string>;

const BOOL = 4;
const SIGNED = 1;
const WHOLE_NUMBER = /^-?(?:\d+|0[xX][\da-fA-F]+)$/;

/** @see find_kcfg_type() in libbpf.c */
function kindOfType(btf: Btf, type: number): Kind {
  const id = resolveType(btf, type);
  const kind = kindOf(btf, id);
  if (kind === 'enum') return nameOf(btf, id) === 'libbpf_tristate' ? 'tristate' : 'unknown';
  if (kind === 'array') return 'text';
  if (kind !== 'int') return 'unknown';
  if ((integerOf(btf, id).encoding & BOOL) !== 0) return 'bool';
  return sizeField(btf, id) === 1 ? 'char' : 'number';
}

function inRange(btf: Btf, type: number, value: bigint): boolean {
  const id = resolveType(btf, type);
  const bits = BigInt(sizeField(btf, id) * 8);
  const signed = (integerOf(btf, id).encoding & SIGNED) !== 0;
  return signed ? value >= -(1n << (bits - 1n)) && value < 1n << (bits - 1n) : value >= 0n && value < 1n << bits;
}

function wholeNumber(value: KconfigValue): bigint | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value !== 'string' || !WHOLE_NUMBER.test(value)) return null;
  return value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value);
}

/** The value as a kernel configuration writes it; null if the type cannot hold it. */
export function valueText(btf: Btf, type: number, value: KconfigValue): string | null {
  const kind = kindOfType(btf, type);
  if (kind === 'unknown') return null;
  if (kind === 'text') {
    const length = arrayOf(btf, resolveType(btf, type))?.length ?? 0;
    const fits = typeof value === 'string' && new TextEncoder().encode(value).length < length && !/["\n\0]/.test(value);
    return fits ? `"${value}"` : null;
  }
  if (kind !== 'number' && typeof value === 'boolean') return value ? 'y' : 'n';
  if ((kind === 'tristate' || kind === 'char') && (value === 'm' || value === 'y' || value === 'n')) return value;
  if (kind === 'bool' || kind === 'tristate') return value === 'y' || value === 'n' ? value : null;
  const number = wholeNumber(value);
  return number !== null && inRange(btf, type, number) ? number.toString() : null;
}

/** The values that a variable of this type can hold, for messages. */
export function expectedFor(btf: Btf, type: number): string {
  return EXPECTED[kindOfType(btf, type)];
}
