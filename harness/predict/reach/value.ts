// What is known about a register. It is never more than the verifier knows; for a `free` value, it is also never less.
import { ALU, CLASS, type Insn } from './insn.ts';

export type Value =
  | {
      type: 'constant';
      value: bigint;
      /** The relocation whose value it is: its position in the object's relocations. */
      ref?: number;
      /** The weak kernel variable whose address it is: 0, because the kernel lacks it. */
      variable?: string;
    }
  /** Any combination of these bits is possible; all other bits are 0. Registers with the same id have the same value. */
  | {
      type: 'free';
      id: number;
      bits: bigint;
      /** True if the value may be a pointer that the verifier knows is not null. */
      perhapsPointer: boolean;
      /** Values that it is known to differ from. */
      not: readonly bigint[];
      /** The argument of the hook that it is, or is computed from by adding constants; null for everything else. */
      argument: number | null;
    }
  /** A pointer into the stack: `offset` is from the frame pointer of a call, by its depth; null if it is unknown. */
  | { type: 'stack'; frame: number; offset: number | null }
  | { type: 'data' }
  /** `offset` is null if it is unknown. */
  | { type: 'context'; offset: number | null }
  /** A pointer into constant data. */
  | { type: 'constant-data'; section: string; offset: number }
  /**
   * Unknown; the verifier may know more. `argument` as in `free`, for an argument that the program kept on the stack. `ofKernel` is true for
   * externs (configuration, version, symbols): a test of one may have the same result whenever the program runs on a kernel.
   */
  | { type: 'any'; argument?: number; ofKernel?: true };

export const ANY: Value = { type: 'any' };
const ALL_BITS = 0xffff_ffff_ffff_ffffn;
export const LOW_BITS = 0xffff_ffffn;

export function constant(value: bigint): Value {
  return { type: 'constant', value: BigInt.asUintN(64, value) };
}

/** Makes a value with unknown bits. */
export type Fresh = (bits: bigint, perhapsPointer?: boolean, argument?: number | null) => Value;

export function freshValues(): Fresh {
  let id = 0;
  return (bits, perhapsPointer = false, argument = null) => ({ type: 'free', id: ++id, bits, perhapsPointer, not: [], argument });
}

/** All bits of a number with this many bytes. */
export function bitsOf(bytes: number): bigint {
  return ALL_BITS >> BigInt(64 - bytes * 8);
}

/** The second operand of arithmetic or a jump. */
export function operandOf(insn: Insn, registers: readonly Value[]): Value {
  return insn.fromRegister ? (registers[insn.src] ?? ANY) : constant(BigInt(insn.immediate));
}

/** Division, negation and byte swaps of constants are not followed: older verifiers do not follow them either. */
function computeConstant(operation: number, a: bigint, b: bigint, width: number): bigint | null {
  const shift = b & BigInt(width - 1);
  switch (operation) {
    case ALU.ADD:
      return a + b;
    case ALU.SUB:
      return a - b;
    case ALU.MUL:
      return a * b;
    case ALU.OR:
      return a | b;
    case ALU.AND:
      return a & b;
    case ALU.XOR:
      return a ^ b;
    case ALU.LSH:
      return a << shift;
    case ALU.RSH:
      return BigInt.asUintN(width, a) >> shift;
    case ALU.ARSH:
      return BigInt.asIntN(width, a) >> shift;
    default:
      return null;
  }
}

/** The bits of a free value that are still free after an operation with a constant; null if unknown. */
function freeBits(operation: number, bits: bigint, b: bigint, width: number): bigint | null {
  const shift = b & BigInt(width - 1);
  const all = BigInt.asUintN(width, ALL_BITS);
  if (operation === ALU.AND) return bits & BigInt.asUintN(width, b);
  if (operation === ALU.LSH) return (bits << shift) & all;
  if (operation === ALU.RSH || (operation === ALU.ARSH && bits >> BigInt(width - 1) === 0n)) return bits >> shift;
  const keepsAll = operation === ALU.ADD || operation === ALU.SUB || operation === ALU.XOR;
  return keepsAll && bits === all ? all : null;
}

function movedOffset(offset: number | null, operation: number, by: Value): number | null {
  if (offset === null || by.type !== 'constant') return null;
  const distance = Number(BigInt.asIntN(64, by.value));
  return operation === ALU.ADD ? offset + distance : offset - distance;
}

/** The argument of the hook that a value is, or is computed from; null for every other value. */
export function argumentIn(value: Value): number | null {
  return value.type === 'free' || value.type === 'any' ? (value.argument ?? null) : null;
}

function movePointer(value: Value, operation: number, by: Value): Value {
  const isMoved = operation === ALU.ADD || operation === ALU.SUB;
  if (value.type === 'context' || value.type === 'stack') {
    return isMoved ? { ...value, offset: movedOffset(value.offset, operation, by) } : ANY;
  }
  if (value.type === 'constant-data') {
    if (by.type !== 'constant' || operation !== ALU.ADD) return ANY;
    return { ...value, offset: value.offset + Number(BigInt.asIntN(64, by.value)) };
  }
  return isMoved ? value : ANY;
}

/** A 32-bit move or operation leaves the upper half 0. */
function lowHalf(value: Value, fresh: Fresh): Value {
  if (value.type === 'constant') return constant(value.value & LOW_BITS);
  if (value.type === 'any' && value.ofKernel) return value;
  if (value.type !== 'free') return ANY;
  return value.bits <= LOW_BITS ? value : fresh(value.bits & LOW_BITS);
}

/** The result of an arithmetic instruction on `dst` and the other operand. */
export function compute(insn: Insn, dst: Value, operand: Value, fresh: Fresh): Value {
  const { operation } = insn;
  const isWide = insn.class === CLASS.ALU64;
  // An offset turns a move into one with sign extension.
  if (operation === ALU.MOV) {
    if (insn.offset !== 0) return ANY;
    return isWide ? operand : lowHalf(operand, fresh);
  }
  const width = isWide ? 64 : 32;
  if (insn.offset !== 0) return ANY;
  if (dst.type === 'constant' && operand.type === 'constant') {
    const result = computeConstant(operation, BigInt.asUintN(width, dst.value), BigInt.asUintN(width, operand.value), width);
    return result === null ? ANY : constant(BigInt.asUintN(width, result));
  }
  // A sum of a number and a pointer is the pointer.
  const isSwapped = operation === ALU.ADD && (operand.type === 'stack' || (dst.type === 'constant' && argumentIn(operand) !== null));
  if (isSwapped && dst.type !== 'stack') return compute(insn, operand, dst, fresh);
  if (dst.type === 'free' && operand.type === 'constant') {
    const bits = freeBits(operation, BigInt.asUintN(width, dst.bits), operand.value, width);
    if (bits === null) return ANY;
    const moved = isWide && (operation === ALU.ADD || operation === ALU.SUB);
    return bits === 0n ? constant(0n) : fresh(bits, dst.perhapsPointer, moved ? dst.argument : null);
  }
  if (dst.type === 'any' && dst.ofKernel && operand.type === 'constant') return dst;
  const isKept = isWide && operand.type === 'constant' && (operation === ALU.ADD || operation === ALU.SUB);
  if (dst.type === 'any' && isKept) return dst;
  if (dst.type === 'any' || dst.type === 'constant' || dst.type === 'free' || !isWide) return ANY;
  return movePointer(dst, operation, operand);
}
