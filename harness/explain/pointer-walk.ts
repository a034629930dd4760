// What single instructions do with registers, for walks from the use of a pointer back to where it comes from.
import { ALU, CLASS, type Insn, JMP } from '../predict/reach/insn.ts';

/** The last register that a call overwrites. */
export const LAST_CLOBBERED = 5;
/** The register of the first argument of a call. */
export const FIRST_ARGUMENT = 1;

/** Whether the instruction calls a function or helper. */
export const isCall = (insn: Insn) => insn.class === CLASS.JMP && insn.operation === JMP.CALL;
/** Whether it calls a helper. */
export const isHelperCall = (insn: Insn) => isCall(insn) && insn.src === 0;
/** Whether the next instruction does not follow: what precedes belongs to another path. */
export const isEnd = (insn: Insn) => insn.class === CLASS.JMP && (insn.operation === JMP.JA || insn.operation === JMP.EXIT);
/** Whether it copies a register. */
export const isMove = (insn: Insn) => insn.class === CLASS.ALU64 && insn.operation === ALU.MOV && insn.fromRegister;
const isMemory = (insn: Insn) => insn.class === CLASS.LDX || insn.class === CLASS.ST || insn.class === CLASS.STX;
/** Whether it writes a register. */
export const writes = (insn: Insn, register: number) =>
  ![CLASS.JMP, CLASS.JMP32, CLASS.ST, CLASS.STX].some((each) => each === insn.class) && insn.dst === register;

/** The register whose value the instruction at which the verifier stopped takes for a pointer; null for other instructions. */
export function pointerIn(insn: Insn): number | null {
  if (isMemory(insn)) return insn.class === CLASS.LDX ? insn.src : insn.dst;
  return isHelperCall(insn) ? FIRST_ARGUMENT : null;
}
