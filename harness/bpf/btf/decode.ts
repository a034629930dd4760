// Writes bytes of a BTF type as a configuration value; encode.ts is the inverse.
import { type Btf, kindOf, vlenOf } from './btf.ts';
import { arrayOf, enumeratorOf, integerOf, isAnyEnum, resolveType, sizeField } from './types.ts';

const SIGNED = 1;
const BOOL = 4;

function integerAt(bytes: Uint8Array, littleEndian: boolean, signed: boolean): bigint {
  const ordered = littleEndian ? bytes.toReversed() : bytes;
  const value = ordered.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return signed ? BigInt.asIntN(bytes.length * 8, value) : value;
}

/** Writes numbers as text if YAML cannot represent them exactly. */
function numberOrText(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : `0x${BigInt.asUintN(64, value).toString(16)}`;
}

/**
 * Decodes bytes as an integer, boolean, enumerator or text; null for other types.
 * @param bytes exactly the bytes of the type
 */
export function decodeValue(btf: Btf, type: number, bytes: Uint8Array, littleEndian: boolean): boolean | number | string | null {
  const id = resolveType(btf, type);
  const kind = kindOf(btf, id);
  if (kind === 'int' && sizeField(btf, id) === bytes.length) {
    const { encoding } = integerOf(btf, id);
    const value = integerAt(bytes, littleEndian, (encoding & SIGNED) !== 0);
    return (encoding & BOOL) !== 0 ? value !== 0n : numberOrText(value);
  }
  if (isAnyEnum(kind) && sizeField(btf, id) === bytes.length) {
    const all = Array.from({ length: vlenOf(btf, id) }, (_, index) => enumeratorOf(btf, id, index));
    const width = bytes.length * 8;
    const value = integerAt(bytes, littleEndian, false);
    return all.find((each) => each && BigInt.asUintN(width, each.value) === value)?.name ?? numberOrText(value);
  }
  const array = arrayOf(btf, id);
  const element = array ? resolveType(btf, array.element) : 0;
  if (!array || kindOf(btf, element) !== 'int' || sizeField(btf, element) !== 1) return null;
  const end = bytes.indexOf(0);
  const text = new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
  return /^[\x20-\x7e]*$/.test(text) ? text : null;
}
