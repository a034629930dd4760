// Values for the kernel's configuration held against the variables that ask for it.
import type { KconfigValue } from '../config/settings/variables.ts';
import type { Btf } from '../../bpf/btf/btf.ts';
import { kindOf, nameOf } from '../../bpf/btf/btf.ts';
import { typeText } from '../../bpf/btf/type-text.ts';
import { arrayOf, integerOf, resolveType, sizeField } from '../../bpf/btf/types.ts';
import { UserError } from '../../base/errors.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { kconfigOf } from '../../bpf/object/variables.ts';
import { notThere, type PlaceOf } from './problem.ts';

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

/** The value as a kernel configuration has it; null when the type cannot hold it. */
function valueText(btf: Btf, type: number, value: KconfigValue): string | null {
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

/**
 * The lines of a kernel configuration that hold these values; '' without any.
 * @throws UserError with the place, what is wrong, and what type it has or what the object asks for
 */
export function kconfigText(settings: Readonly<Record<string, KconfigValue>>, object: BpfObject, placeOf: PlaceOf): string {
  const wanted = Object.entries(settings);
  if (wanted.length === 0) return '';
  const known = kconfigOf(object).filter(({ name }) => name.startsWith('CONFIG_'));
  const { btf } = object;
  const lines = wanted.map(([name, value]) => {
    const place = placeOf(['kconfig', name]);
    const variable = known.find((each) => each.name === name);
    if (!btf || !variable) {
      notThere(
        place,
        '__kconfig variable',
        name,
        known.map((each) => each.name),
      );
    }
    const text = valueText(btf, variable.type, value);
    if (text !== null) return `${name}=${text}\n`;
    const expected = EXPECTED[kindOfType(btf, variable.type)];
    throw new UserError(
      `${place}: ${JSON.stringify(value)} is no value for ${name} (${typeText(btf, variable.type)}); expected ${expected}`,
    );
  });
  return lines.join('');
}
