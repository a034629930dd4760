// Decides which branches of a conditional jump the verifier follows.
import { CLASS, type Insn, JMP } from './insn.ts';
import { ANY, constant, LOW_BITS, type Value } from './value.ts';

/** `yes`: the verifier follows the branch. `no`: the branch is impossible. `unknown`: the verifier may know that it is impossible. */
export type Taken = 'yes' | 'no' | 'unknown';

export interface Branch {
  jump: Taken;
  fall: Taken;
}

const UNKNOWN: Branch = { jump: 'unknown', fall: 'unknown' };

function compareConstants(operation: number, a: bigint, b: bigint, width: number): boolean | null {
  const [signedA, signedB] = [BigInt.asIntN(width, a), BigInt.asIntN(width, b)];
  switch (operation) {
    case JMP.JEQ:
      return a === b;
    case JMP.JNE:
      return a !== b;
    case JMP.JGT:
      return a > b;
    case JMP.JGE:
      return a >= b;
    case JMP.JLT:
      return a < b;
    case JMP.JLE:
      return a <= b;
    case JMP.JSET:
      return (a & b) !== 0n;
    case JMP.JSGT:
      return signedA > signedB;
    case JMP.JSGE:
      return signedA >= signedB;
    case JMP.JSLT:
      return signedA < signedB;
    case JMP.JSLE:
      return signedA <= signedB;
    default:
      return null;
  }
}

const possible = (is: boolean): Taken => (is ? 'yes' : 'no');

/** Compares a range with a constant: whether the condition can be true, and whether it can be false. */
function range(operation: number, least: bigint, most: bigint, b: bigint): Branch | null {
  switch (operation) {
    case JMP.JGT:
    case JMP.JSGT:
      return { jump: possible(most > b), fall: possible(least <= b) };
    case JMP.JGE:
    case JMP.JSGE:
      return { jump: possible(most >= b), fall: possible(least < b) };
    case JMP.JLT:
    case JMP.JSLT:
      return { jump: possible(least < b), fall: possible(most >= b) };
    case JMP.JLE:
    case JMP.JSLE:
      return { jump: possible(least <= b), fall: possible(most > b) };
    default:
      return null;
  }
}

const SIGNED: ReadonlySet<number> = new Set([JMP.JSGT, JMP.JSGE, JMP.JSLT, JMP.JSLE]);

/** For `value == b`: whether the condition can be true, and whether it can be false. */
function equality(value: Extract<Value, { type: 'free' }>, bits: bigint, b: bigint): Branch {
  const equal = possible((b & ~bits) === 0n);
  const differs = possible(bits !== 0n || b !== 0n);
  // The verifier may know that the value differs from b, or that a pointer is not null.
  if (value.not.includes(b) || (value.perhapsPointer && b === 0n)) return { jump: equal === 'no' ? 'no' : 'unknown', fall: differs };
  return { jump: equal, fall: differs };
}

function branchOfFree(operation: number, value: Extract<Value, { type: 'free' }>, b: bigint, width: number): Branch {
  const bits = BigInt.asUintN(width, value.bits);
  if (operation === JMP.JEQ) return equality(value, bits, b);
  if (operation === JMP.JNE) {
    const { jump, fall } = equality(value, bits, b);
    return { jump: fall, fall: jump };
  }
  // A value that is known to differ from a constant may have narrower limits than its bits show.
  if (value.not.length > 0) return UNKNOWN;
  if (operation === JMP.JSET) return { jump: possible((bits & b) !== 0n), fall: 'yes' };
  if (!SIGNED.has(operation)) return range(operation, 0n, bits, b) ?? UNKNOWN;
  const sign = 1n << BigInt(width - 1);
  return range(operation, (bits & sign) === 0n ? 0n : -sign, bits & ~sign, BigInt.asIntN(width, b)) ?? UNKNOWN;
}

/** Decides which branches of a conditional jump are possible with these values. */
export function branchOf(insn: Insn, dst: Value, operand: Value): Branch {
  const width = insn.class === CLASS.JMP ? 64 : 32;
  if (operand.type !== 'constant') return UNKNOWN;
  const b = BigInt.asUintN(width, operand.value);
  if (dst.type === 'constant') {
    const holds = compareConstants(insn.operation, BigInt.asUintN(width, dst.value), b, width);
    if (holds === null) return UNKNOWN;
    return { jump: possible(holds), fall: possible(!holds) };
  }
  return dst.type === 'free' ? branchOfFree(insn.operation, dst, b, width) : UNKNOWN;
}

/** Returns what is known about the tested value on one branch. */
export function refine(insn: Insn, value: Value, operand: Value, jumped: boolean): Value {
  if (value.type !== 'free' || operand.type !== 'constant') return value.type === 'free' ? ANY : value;
  const isWhole = insn.class === CLASS.JMP || value.bits <= LOW_BITS;
  const equal = (insn.operation === JMP.JEQ && jumped) || (insn.operation === JMP.JNE && !jumped);
  const differs = (insn.operation === JMP.JEQ && !jumped) || (insn.operation === JMP.JNE && jumped);
  if (!isWhole) return ANY;
  const tested = insn.class === CLASS.JMP ? operand.value : operand.value & LOW_BITS;
  if (equal) return constant(tested);
  if (!differs) return ANY;
  return value.not.includes(tested) ? value : { ...value, not: [...value.not, tested] };
}
