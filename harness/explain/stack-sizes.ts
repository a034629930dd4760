// The stack that each function of a program takes, from its instructions.
import type { BpfObject } from '../bpf/object/object.ts';
import type { ObjectFunction } from '../bpf/object/functions.ts';
import { type Code, compiledCode } from '../core-relo/code.ts';
import { functionUses } from '../predict/reach/calls.ts';
import { ALU, CLASS, type Insn, readInsn } from '../predict/reach/insn.ts';

export interface StackSize {
  name: string;
  bytes: number;
}

/** The register with the end of a function's stack. */
const FRAME = 10;

const WRITES_REGISTER: ReadonlySet<number> = new Set([CLASS.LD, CLASS.LDX, CLASS.ALU, CLASS.ALU64]);

/** Where an instruction reaches into the stack: the distance from its end, or null. `pointers` holds the registers that point into it. */
function depthOf(insn: Insn, pointers: Map<number, number>): number | null {
  const base = insn.class === CLASS.LDX ? insn.src : insn.dst;
  if (insn.class === CLASS.LDX || insn.class === CLASS.ST || insn.class === CLASS.STX) {
    const from = pointers.get(base);
    if (insn.class === CLASS.LDX) pointers.delete(insn.dst);
    return from === undefined ? null : -(from + insn.offset);
  }
  const from = insn.class === CLASS.ALU64 && insn.operation === ALU.MOV && insn.fromRegister ? pointers.get(insn.src) : undefined;
  if (from !== undefined) {
    pointers.set(insn.dst, from);
    return null;
  }
  const own = pointers.get(insn.dst);
  if (insn.class === CLASS.ALU64 && insn.operation === ALU.ADD && !insn.fromRegister && own !== undefined) {
    pointers.set(insn.dst, own + insn.immediate);
    return -(own + insn.immediate);
  }
  if (WRITES_REGISTER.has(insn.class) && insn.dst !== FRAME) pointers.delete(insn.dst);
  return null;
}

function stackOf(code: Code, insns: number): number {
  const pointers = new Map([[FRAME, 0]]);
  let deepest = 0;
  for (let at = 0; at < insns; at++) {
    const insn = readInsn(code, at);
    deepest = Math.max(deepest, (insn && depthOf(insn, pointers)) ?? 0);
  }
  return deepest;
}

/** More functions than a program has on its stack at a time. */
const MAX_DEPTH = 16;

/** The functions that take the most stack together while a program runs, each called by the one before; empty if there is no such program. */
export function deepestStack(object: BpfObject, program: string): StackSize[] {
  const start = object.programs.find(({ name }) => name === program);
  if (!start) return [];
  const codeOf = compiledCode(object);
  const useOf = functionUses(object);
  const known = new Map<ObjectFunction, StackSize[]>();
  const total = (chain: readonly StackSize[]) => chain.reduce((sum, { bytes }) => sum + bytes, 0);
  const chainFrom = (owner: ObjectFunction, depth: number): StackSize[] => {
    const seen = known.get(owner);
    if (seen) return seen;
    // A recursive call ends here; the verifier refuses it anyway.
    known.set(owner, []);
    const below = depth < MAX_DEPTH ? useOf(owner).callees.map((callee) => chainFrom(callee, depth + 1)) : [];
    const deepest = below.toSorted((a, b) => total(b) - total(a))[0] ?? [];
    const chain = [{ name: owner.name, bytes: stackOf(codeOf(owner), owner.insns) }, ...deepest];
    known.set(owner, chain);
    return chain;
  };
  return chainFrom(start, 1);
}
