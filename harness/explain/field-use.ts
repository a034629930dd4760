// Decides by the instructions whether a program reads a field or only takes its address.
import type { BpfObject } from '../bpf/object/object.ts';
import { type CodeOf, compiledCode } from '../core-relo/code.ts';
import { ALU, CLASS, type Insn, JMP, MODE_MEM, readInsn } from '../predict/reach/insn.ts';

/** `value` also if the instructions do not show it. */
export type FieldUse = 'value' | 'address';

/**
 * Helpers that read memory at their third argument.
 * @see enum bpf_func_id in include/uapi/linux/bpf.h
 */
const READING: ReadonlySet<number> = new Set([4, 45, 112, 113, 114, 115]);
const SOURCE = 3;
const RESULT = 0;
const LAST_ARGUMENT = 5;
const FRAME_POINTER = 10;
/** An access is read or passed on within this many instructions. */
const MAX_INSNS = 64;

/** Where the offset of the field and its address are. */
interface Tracked {
  offset: Set<number>;
  address: Set<number>;
  /** Offsets of stack slots with the address. */
  spilled: Set<number>;
}

function forget({ offset, address }: Tracked, register: number): void {
  offset.delete(register);
  address.delete(register);
}

function compute(tracked: Tracked, { class: kind, operation, fromRegister, dst, src }: Insn): void {
  const { offset, address } = tracked;
  const isMove = operation === ALU.MOV && fromRegister && kind === CLASS.ALU64;
  if (isMove) {
    const [isOffset, isAddress] = [offset.has(src), address.has(src)];
    forget(tracked, dst);
    if (isOffset) offset.add(dst);
    if (isAddress) address.add(dst);
    return;
  }
  const isSum = operation === ALU.ADD && fromRegister && (offset.has(src) || offset.has(dst));
  if (!isSum && address.has(dst) && operation === ALU.ADD) return;
  forget(tracked, dst);
  if (isSum) address.add(dst);
}

function call({ address, offset }: Tracked, { src, immediate }: Insn): FieldUse | null {
  if (src === 0 && READING.has(immediate) && address.has(SOURCE)) return 'value';
  for (let register = 1; register <= LAST_ARGUMENT; register++) if (address.has(register)) return 'address';
  for (let register = RESULT; register <= LAST_ARGUMENT; register++) offset.delete(register);
  return null;
}

/** What an instruction does with the address; null if the use is still open. */
function useBy(tracked: Tracked, insn: Insn): FieldUse | null {
  const { address, spilled } = tracked;
  switch (insn.class) {
    case CLASS.LDX: {
      if (address.has(insn.src)) return 'value';
      const restored = insn.src === FRAME_POINTER && insn.mode === MODE_MEM && spilled.has(insn.offset);
      forget(tracked, insn.dst);
      if (restored) address.add(insn.dst);
      return null;
    }
    case CLASS.STX:
      if (insn.dst === FRAME_POINTER && address.has(insn.src)) spilled.add(insn.offset);
      return address.has(insn.src) && insn.dst !== FRAME_POINTER ? 'address' : null;
    case CLASS.LD:
      forget(tracked, insn.dst);
      return null;
    case CLASS.ALU:
    case CLASS.ALU64:
      compute(tracked, insn);
      return null;
    case CLASS.JMP:
      if (insn.operation === JMP.CALL) return call(tracked, insn);
      return insn.operation === JMP.EXIT && address.has(RESULT) ? 'address' : null;
    default:
      return null;
  }
}

/** Follows the instructions from the relocated one on, without jumps. */
function useFrom(code: ReturnType<CodeOf>, index: number): FieldUse {
  const first = readInsn(code, index);
  // A load or store with the offset of the field.
  if (!first || (first.class !== CLASS.ALU && first.class !== CLASS.ALU64)) return 'value';
  const tracked: Tracked = { offset: new Set(), address: new Set(), spilled: new Set() };
  (first.operation === ALU.ADD ? tracked.address : tracked.offset).add(first.dst);
  for (let at = index + 1; at <= index + MAX_INSNS; at++) {
    const insn = readInsn(code, at);
    if (!insn) return 'value';
    const use = useBy(tracked, insn);
    if (use !== null) return use;
    // A stored address that nothing reads through is a key or an argument in memory.
    if (insn.class === CLASS.JMP && insn.operation === JMP.EXIT) return tracked.spilled.size > 0 ? 'address' : 'value';
    if (insn.class === CLASS.JMP && insn.operation === JMP.JA) return 'value';
    // The second half of a 64-bit constant.
    if (insn.class === CLASS.LD) at += 1;
  }
  return 'value';
}

/** Returns the use of a field by the position of its `byte_off` relocation in the object. */
export function fieldUses(object: BpfObject): (ref: number) => FieldUse {
  const codeOf = compiledCode(object);
  const functions = new Map([...object.programs, ...object.subprograms].map((each) => [`${each.section} ${each.name}`, each]));
  return (ref) => {
    const relocation = object.relocations[ref];
    const owner = relocation && functions.get(`${relocation.section} ${relocation.program}`);
    return owner && relocation.kind === 'byte_off' ? useFrom(codeOf(owner), relocation.insn) : 'value';
  };
}
