// Computes the value of a relocation on one side: the compiled value, or the value from a matching candidate of the kernel.
import { type Btf, kindFlag, kindOf } from '../bpf/btf/btf.ts';
import { arrayOf, enumeratorOf, integerOf, isAnyEnum, type Member, memberOf, resolveType, sizeField, sizeOf } from '../bpf/btf/types.ts';
import { type Accessor, classOf, type CoreSpec } from '../bpf/core-spec/spec.ts';
import type { RelocationKind } from '../base/vocabulary.ts';
import { DEFAULT_LOADER, type Loader } from './loader.ts';
import { ERRNO } from './log.ts';

/** How a load or store of a field can have another width and keep the value; null if it cannot. */
type Resizable = 'pointer' | 'unsigned' | null;

interface FoundValue {
  type: 'value';
  /** As an unsigned 64-bit number. */
  value: bigint;
  /** Width of a load or store of the field in bytes; 0 if irrelevant. */
  fieldSize: number;
  resizable: Resizable;
  /** True if the compiled instruction must contain this value. */
  validate: boolean;
}

/** The error that ends the load, with libbpf's warning if it has one. */
export interface ValueError {
  type: 'error';
  errno: number;
  warning: string | null;
}

export type SideValue = FoundValue | ValueError;

const SIGNED = 1;
const WORD_BITS = 64;
const MAX_LOAD = 8;

function value(number: number | bigint, more: Partial<FoundValue> = {}): FoundValue {
  return { type: 'value', value: BigInt.asUintN(WORD_BITS, BigInt(number)), fieldSize: 0, resizable: null, validate: true, ...more };
}

function error(errno: number, warning: string | null = null): ValueError {
  return { type: 'error', errno, warning };
}

/** A value that depends on the size of a type; an error if the type has none. */
function withSize(size: number | null, valueFrom: (size: number) => SideValue): SideValue {
  return size === null ? error(ERRNO.EINVAL) : valueFrom(size);
}

/** Width of a load of a type that has a size, in bytes; for arrays, of one element. */
function loadSize(btf: Btf, type: number, { arraySize, arrayDimensions }: Loader): number | null {
  if (arraySize === 'whole') return sizeOf(btf, type, arrayDimensions);
  let id = resolveType(btf, type);
  for (let array = arrayOf(btf, id); array; array = arrayOf(btf, id)) id = resolveType(btf, array.element);
  return sizeOf(btf, id);
}

function resizableOf(btf: Btf, type: number): Resizable {
  const kind = kindOf(btf, type);
  if (kind === 'ptr') return 'pointer';
  return kind === 'int' && integerOf(btf, type).encoding !== SIGNED ? 'unsigned' : null;
}

/** The offset of a field of a type that has a size. */
function offsetValue(btf: Btf, type: number, byteOffset: number, loader: Loader): SideValue {
  return withSize(loadSize(btf, type, loader), (fieldSize) => value(byteOffset, { fieldSize, resizable: resizableOf(btf, type) }));
}

function elementValue(kind: RelocationKind, { btf, bitOffset }: CoreSpec, { type }: Accessor, loader: Loader): SideValue {
  if (kind === 'byte_sz') return withSize(sizeOf(btf, type, loader.arrayDimensions), value);
  if (kind !== 'byte_off') return error(ERRNO.EINVAL, "can't be applied to array access");
  return offsetValue(btf, type, Math.floor(bitOffset / 8), loader);
}

/** Position of a field: the bytes to load and the bits in them. */
interface Place {
  byteOffset: number;
  byteSize: number;
  bitOffset: number;
  bitSize: number;
}

/** The smallest aligned integer that contains a bitfield; null if eight bytes are not enough. */
export function bitfieldPlace(bitOffset: number, bitSize: number, typeSize: number): Place | null {
  for (let byteSize = typeSize; byteSize > 0; byteSize *= 2) {
    const byteOffset = Math.floor(Math.floor(bitOffset / 8) / byteSize) * byteSize;
    if (bitOffset + bitSize - byteOffset * 8 <= byteSize * 8) return { byteOffset, byteSize, bitOffset, bitSize };
    if (byteSize >= MAX_LOAD) return null;
  }
  return null;
}

function isSigned(btf: Btf, type: number, { signOfAnyType }: Loader): boolean {
  const kind = kindOf(btf, type);
  if (isAnyEnum(kind) && kindFlag(btf, type)) return true;
  return (kind === 'int' || signOfAnyType) && (integerOf(btf, type).encoding & SIGNED) !== 0;
}

/** Number of bits to shift left, so that the field's top bit becomes bit 63. It depends on the byte order. */
function leftShift({ byteOffset, byteSize, bitOffset, bitSize }: Place, littleEndian: boolean): number {
  const within = bitOffset - byteOffset * 8;
  return (littleEndian ? WORD_BITS - (within + bitSize) : (MAX_LOAD - byteSize) * 8 + within) >>> 0;
}

/** A field of a struct or union: its type without modifiers, and its position. */
interface Field {
  type: number;
  place: Place;
  isBitfield: boolean;
}

function fieldAt(btf: Btf, { type, bitSize }: Member, bitOffset: number, { arrayDimensions }: Loader): Field | ValueError {
  const id = resolveType(btf, type);
  if (bitSize > 0) {
    const place = bitfieldPlace(bitOffset, bitSize, sizeField(btf, id));
    return place ? { type: id, place, isBitfield: true } : error(ERRNO.E2BIG, "can't be satisfied for bitfield");
  }
  const byteSize = sizeOf(btf, id, arrayDimensions);
  if (byteSize === null) return error(ERRNO.EINVAL);
  return { type: id, place: { byteOffset: Math.floor(bitOffset / 8), byteSize, bitOffset, bitSize: byteSize * 8 }, isBitfield: false };
}

function memberValue(kind: RelocationKind, { btf, bitOffset }: CoreSpec, accessor: Accessor, loader: Loader): SideValue {
  const member = memberOf(btf, accessor.type, accessor.index);
  if (!member) return error(ERRNO.EINVAL);
  const field = fieldAt(btf, member, bitOffset, loader);
  if ('errno' in field) return field;
  const { type, place, isBitfield } = field;
  const validate = !isBitfield;
  if (kind === 'byte_sz') return value(place.byteSize, { validate });
  if (kind === 'signed') return value(isSigned(btf, type, loader) ? 1 : 0);
  if (kind === 'lshift_u64') return value(leftShift(place, btf.littleEndian), { validate });
  if (kind === 'rshift_u64') return value((WORD_BITS - place.bitSize) >>> 0);
  return isBitfield ? value(place.byteOffset, { validate }) : offsetValue(btf, type, place.byteOffset, loader);
}

/** @see bpf_core_calc_field_relo() in libbpf's relo_core.c */
function fieldValue(kind: RelocationKind, spec: CoreSpec, loader: Loader): SideValue {
  if (kind === 'field_exists') return value(1);
  const last = spec.accessors.at(-1);
  if (!last) return error(ERRNO.EINVAL);
  return last.name === null ? elementValue(kind, spec, last, loader) : memberValue(kind, spec, last, loader);
}

/** @see bpf_core_calc_type_relo() in libbpf's relo_core.c */
function typeValue(kind: RelocationKind, { btf, rootId }: CoreSpec, { arrayDimensions }: Loader): SideValue {
  // A linker may have changed the id of the type after compilation.
  if (kind === 'target_type_id') return value(rootId, { validate: false });
  return kind === 'type_size' ? withSize(sizeOf(btf, rootId, arrayDimensions), value) : value(1);
}

/** @see bpf_core_calc_enumval_relo() in libbpf's relo_core.c */
function enumeratorValue(kind: RelocationKind, { btf, accessors }: CoreSpec, { enumeratorSign }: Loader): SideValue {
  if (kind === 'enumval_exists') return value(1);
  const [accessor] = accessors;
  const enumerator = accessor && enumeratorOf(btf, accessor.type, accessor.index);
  if (!accessor || !enumerator) return error(ERRNO.EINVAL);
  if (kindOf(btf, accessor.type) !== 'enum') return value(enumerator.value);
  // libbpf reads a 32-bit enumerator as signed, even if its enum is unsigned.
  const isNegative = enumeratorSign === 'always' || kindFlag(btf, accessor.type);
  return value(isNegative ? BigInt.asIntN(32, enumerator.value) : BigInt.asUintN(32, enumerator.value));
}

/** Computes the value of a spec of either side. */
export function valueOf(kind: RelocationKind, spec: CoreSpec, loader: Loader = DEFAULT_LOADER): SideValue {
  switch (classOf(kind)) {
    case 'field':
      return fieldValue(kind, spec, loader);
    case 'type':
      return typeValue(kind, spec, loader);
    case 'enumerator':
      return enumeratorValue(kind, spec, loader);
  }
}

/** True if a relocation asks whether something exists or matches. */
export function isQuestion(kind: RelocationKind): boolean {
  return kind.endsWith('_exists') || kind === 'type_matches';
}

/** The value for a missing target, or an error; null if its instruction is poisoned. */
export function missingValue(kind: RelocationKind, { missingType }: Loader): SideValue | null {
  if (isQuestion(kind)) return value(0);
  if (classOf(kind) !== 'type' || missingType === 'poison') return null;
  return missingType === 'zero' ? value(0) : error(ERRNO.EINVAL);
}
