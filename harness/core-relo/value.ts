// Computes the value of a relocation on one side: the compiled value, or the value from a matching candidate of the kernel.
import { type Btf, kindFlag, kindOf } from '../bpf/btf/btf.ts';
import { arrayOf, enumeratorOf, integerOf, isAnyEnum, memberOf, resolveType, sizeField, sizeOf } from '../bpf/btf/types.ts';
import { type Accessor, classOf, type CoreSpec } from '../bpf/core-spec/spec.ts';
import type { RelocationKind } from '../base/vocabulary.ts';
import { DEFAULT_LOADER, type Loader } from './loader.ts';
import { ERRNO } from './log.ts';

export type SideValue =
  | {
      type: 'value';
      /** As an unsigned 64-bit number. */
      value: bigint;
      /** Width of a load or store of the field in bytes; 0 if irrelevant. */
      fieldSize: number;
      /** BTF id of the field's type without modifiers; 0 if irrelevant. */
      fieldType: number;
      /** True if the compiled instruction must contain this value. */
      validate: boolean;
    }
  /** The target is missing, so the instruction is poisoned. */
  | { type: 'poison' }
  /** The error that ends the load, with libbpf's warning if it has one. */
  | { type: 'error'; errno: number; warning: string | null };

const SIGNED = 1;
const WORD_BITS = 64;
const MAX_LOAD = 8;

function value(number: number | bigint, more: Partial<Extract<SideValue, { type: 'value' }>> = {}): SideValue {
  return { type: 'value', value: BigInt.asUintN(WORD_BITS, BigInt(number)), fieldSize: 0, fieldType: 0, validate: true, ...more };
}

function error(errno: number, warning: string | null = null): SideValue {
  return { type: 'error', errno, warning };
}

/** Width of a load of this type in bytes; for arrays, of one element. */
function loadSize(btf: Btf, type: number, { arraySize }: Loader): number | null {
  if (arraySize === 'whole') return sizeOf(btf, type);
  let id = resolveType(btf, type);
  for (let array = arrayOf(btf, id), depth = 0; array && depth < WORD_BITS; array = arrayOf(btf, id), depth++) {
    id = resolveType(btf, array.element);
  }
  return sizeOf(btf, id);
}

function elementValue(kind: RelocationKind, spec: CoreSpec, { type }: Accessor, loader: Loader): SideValue {
  if (kind === 'byte_sz') {
    const size = sizeOf(spec.btf, type);
    return size === null ? error(ERRNO.EINVAL) : value(size);
  }
  if (kind !== 'byte_off') return error(ERRNO.EINVAL, "can't be applied to array access");
  const size = loadSize(spec.btf, type, loader);
  return size === null ? error(ERRNO.EINVAL) : value(Math.floor(spec.bitOffset / 8), { fieldSize: size, fieldType: type });
}

/** Position of a field: the bytes to load and the bits in them. */
interface Place {
  byteOffset: number;
  byteSize: number;
  bitOffset: number;
  bitSize: number;
}

/** The smallest aligned integer that contains a bitfield; null if eight bytes are not enough. */
function bitfieldPlace(bitOffset: number, bitSize: number, typeSize: number): Place | null {
  if (typeSize === 0) return null;
  for (let byteSize = typeSize; ; byteSize *= 2) {
    const byteOffset = Math.floor(Math.floor(bitOffset / 8) / byteSize) * byteSize;
    if (bitOffset + bitSize - byteOffset * 8 <= byteSize * 8) return { byteOffset, byteSize, bitOffset, bitSize };
    if (byteSize >= MAX_LOAD) return null;
  }
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

function memberValue(kind: RelocationKind, spec: CoreSpec, accessor: Accessor, loader: Loader): SideValue {
  const { btf } = spec;
  const member = memberOf(btf, accessor.type, accessor.index);
  if (!member) return error(ERRNO.EINVAL);
  const type = resolveType(btf, member.type);
  const isBitfield = member.bitSize > 0;
  const validate = !isBitfield;
  let place: Place | null;
  if (isBitfield) {
    place = bitfieldPlace(spec.bitOffset, member.bitSize, sizeField(btf, type));
    if (!place) return error(ERRNO.E2BIG, "can't be satisfied for bitfield");
  } else {
    const size = sizeOf(btf, type);
    if (size === null) return error(ERRNO.EINVAL);
    place = { byteOffset: Math.floor(spec.bitOffset / 8), byteSize: size, bitOffset: spec.bitOffset, bitSize: size * 8 };
  }
  if (kind === 'byte_sz') return value(place.byteSize, { validate });
  if (kind === 'signed') return value(isSigned(btf, type, loader) ? 1 : 0);
  if (kind === 'lshift_u64') return value(leftShift(place, btf.littleEndian), { validate });
  if (kind === 'rshift_u64') return value((WORD_BITS - place.bitSize) >>> 0);
  if (isBitfield) return value(place.byteOffset, { validate });
  const fieldSize = loadSize(btf, type, loader);
  return fieldSize === null ? error(ERRNO.EINVAL) : value(place.byteOffset, { validate, fieldSize, fieldType: type });
}

/** @see bpf_core_calc_field_relo() in libbpf's relo_core.c */
function fieldValue(kind: RelocationKind, spec: CoreSpec | null, loader: Loader): SideValue {
  if (kind === 'field_exists') return value(spec ? 1 : 0);
  if (!spec) return { type: 'poison' };
  const last = spec.accessors.at(-1);
  if (!last) return error(ERRNO.EINVAL);
  return last.name === null ? elementValue(kind, spec, last, loader) : memberValue(kind, spec, last, loader);
}

/** @see bpf_core_calc_type_relo() in libbpf's relo_core.c */
function typeValue(kind: RelocationKind, spec: CoreSpec | null, { missingType }: Loader): SideValue {
  const isAnswer = kind === 'type_exists' || kind === 'type_matches';
  if (!spec) return missingType === 'poison' && !isAnswer ? { type: 'poison' } : value(0);
  // A linker may have changed the id of the type after compilation.
  if (kind === 'target_type_id') return value(spec.rootId, { validate: false });
  if (kind !== 'type_size') return value(1);
  const size = sizeOf(spec.btf, spec.rootId);
  return size === null ? error(ERRNO.EINVAL) : value(size);
}

/** @see bpf_core_calc_enumval_relo() in libbpf's relo_core.c */
function enumeratorValue(kind: RelocationKind, spec: CoreSpec | null): SideValue {
  if (kind === 'enumval_exists') return value(spec ? 1 : 0);
  if (!spec) return { type: 'poison' };
  const [accessor] = spec.accessors;
  const enumerator = accessor && enumeratorOf(spec.btf, accessor.type, accessor.index);
  if (!accessor || !enumerator) return error(ERRNO.EINVAL);
  // libbpf reads a 32-bit enumerator as signed, even if its enum is unsigned.
  return value(kindOf(spec.btf, accessor.type) === 'enum' ? BigInt.asIntN(32, enumerator.value) : enumerator.value);
}

/** Computes the value of a spec; null as spec means a missing target. */
export function valueOf(kind: RelocationKind, spec: CoreSpec | null, loader: Loader = DEFAULT_LOADER): SideValue {
  switch (classOf(kind)) {
    case 'field':
      return fieldValue(kind, spec, loader);
    case 'type':
      return typeValue(kind, spec, loader);
    case 'enumerator':
      return enumeratorValue(kind, spec);
  }
}
