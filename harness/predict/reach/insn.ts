// Decodes the fields of BPF instructions that reachability needs.
import { INSN_BYTES } from '../../bpf/object/functions.ts';
import type { Code } from '../../core-relo/code.ts';

export interface Insn {
  /** LD, LDX, ...: the lower three bits of the opcode. */
  class: number;
  /** The upper four bits of the opcode, for arithmetic and jumps. */
  operation: number;
  /** For arithmetic and jumps: true if the second operand is a register. */
  fromRegister: boolean;
  /** Width of a load or store in bytes. */
  size: number;
  mode: number;
  dst: number;
  src: number;
  offset: number;
  immediate: number;
}

export const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const;
export const ALU = {
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  XOR: 0xa0,
  MOV: 0xb0,
  ARSH: 0xc0,
} as const;
export const JMP = {
  JA: 0x00,
  JEQ: 0x10,
  JGT: 0x20,
  JGE: 0x30,
  JSET: 0x40,
  JNE: 0x50,
  JSGT: 0x60,
  JSGE: 0x70,
  CALL: 0x80,
  EXIT: 0x90,
  JLT: 0xa0,
  JLE: 0xb0,
  JSLT: 0xc0,
  JSLE: 0xd0,
} as const;
/** The source register of a call of a BPF function. */
export const PSEUDO_CALL = 1;
/** The mode of an ordinary load or store. */
export const MODE_MEM = 0x60;
export const MODE_ATOMIC = 0xc0;

const SIZES: Readonly<Record<number, number>> = { 0x00: 4, 0x08: 2, 0x10: 1, 0x18: 8 };

/** Decodes the instruction at an index; null after the last. */
export function readInsn({ view, littleEndian }: Code, index: number): Insn | null {
  const at = index * INSN_BYTES;
  if (at < 0 || at + INSN_BYTES > view.byteLength) return null;
  const code = view.getUint8(at);
  const registers = view.getUint8(at + 1);
  return {
    class: code & 0x07,
    operation: code & 0xf0,
    fromRegister: (code & 0x08) !== 0,
    size: SIZES[code & 0x18] ?? 0,
    mode: code & 0xe0,
    dst: littleEndian ? registers & 0xf : registers >> 4,
    src: littleEndian ? registers >> 4 : registers & 0xf,
    offset: view.getInt16(at + 2, littleEndian),
    immediate: view.getInt32(at + 4, littleEndian),
  };
}
