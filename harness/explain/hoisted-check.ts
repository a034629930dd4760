// Recognizes a test for null that the compiler moved behind an addition to the pointer.
import type { BpfObject } from '../bpf/object/object.ts';
import { type Code, compiledCode } from '../core-relo/code.ts';
import { ALU, CLASS, type Insn, JMP, readInsn } from '../predict/reach/insn.ts';

/** Instructions before and after the addition that are looked at. */
const NEAR = 24;

const isMove = (insn: Insn) => insn.class === CLASS.ALU64 && insn.operation === ALU.MOV && insn.fromRegister;
const isAddition = (insn: Insn) => insn.class === CLASS.ALU64 && (insn.operation === ALU.ADD || insn.operation === ALU.SUB);
const isMemory = (insn: Insn) => insn.class === CLASS.LDX || insn.class === CLASS.ST || insn.class === CLASS.STX;
const isJump = (insn: Insn) => insn.class === CLASS.JMP || insn.class === CLASS.JMP32;
const writesRegister = (insn: Insn) => !isJump(insn) && insn.class !== CLASS.ST && insn.class !== CLASS.STX;

/** The registers that hold the same pointer as a register before an instruction. */
function copiesOf(code: Code, register: number, at: number): Set<number> {
  const copies = new Set([register]);
  const overwritten = new Set<number>();
  for (let before = at - 1; before >= Math.max(0, at - NEAR); before--) {
    const insn = readInsn(code, before);
    if (!insn || isJump(insn)) break;
    if (isMove(insn) && copies.has(insn.dst) && !overwritten.has(insn.src)) copies.add(insn.src);
    else if (isMove(insn) && copies.has(insn.src) && !overwritten.has(insn.dst)) copies.add(insn.dst);
    if (writesRegister(insn)) overwritten.add(insn.dst);
  }
  return copies;
}

/** The test of one of these registers for null that follows, before memory is accessed through one; null without one. */
function testAfter(code: Code, copies: Set<number>, at: number): number | null {
  for (let after = at + 1; after <= at + NEAR; after++) {
    const insn = readInsn(code, after);
    if (!insn) return null;
    if (isMemory(insn) && copies.has(insn.class === CLASS.LDX ? insn.src : insn.dst)) return null;
    if (isJump(insn)) {
      const isEquality = insn.operation === JMP.JEQ || insn.operation === JMP.JNE;
      if (isEquality && !insn.fromRegister && insn.immediate === 0 && copies.has(insn.dst)) return after;
      if (insn.operation === JMP.JA || insn.operation === JMP.EXIT || insn.operation === JMP.CALL) return null;
      continue;
    }
    if (isMove(insn) && copies.has(insn.src)) copies.add(insn.dst);
    else if (writesRegister(insn) && !isAddition(insn)) copies.delete(insn.dst);
  }
  return null;
}

/**
 * Finds the test of a pointer that comes after an addition to it.
 * @param at the instruction at which the verifier stopped
 * @returns the instruction of the test; null if the instruction is no addition, or if no test follows
 */
export function testBehind(object: BpfObject, at: { program: string; insn: number }): number | null {
  const owner = [...object.programs, ...object.subprograms].find(({ name }) => name === at.program);
  if (!owner) return null;
  const code = compiledCode(object)(owner);
  const insn = readInsn(code, at.insn);
  return insn && isAddition(insn) ? testAfter(code, copiesOf(code, insn.dst, at.insn), at.insn) : null;
}
