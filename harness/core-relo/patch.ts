// Writes the value of a relocation into its instruction, or replaces the instruction with an invalid one.
import { INSN_BYTES } from '../bpf/object/functions.ts';
import type { Code } from './code.ts';
import { ERRNO, type PredictedLog, say } from './log.ts';
import type { NumberedRelo, Resolution } from './resolve.ts';

const CLASS_BITS = 0x07;
const SIZE_BITS = 0x18;
const CLASSES = ['LD', 'LDX', 'ST', 'STX', 'ALU', 'JMP', 'JMP32', 'ALU64'] as const;
const REGISTER_SOURCE = 0x08;
const LDIMM64 = 0x18;
/** BPF_JMP | BPF_CALL with the id of a helper that does not exist: "bad relo" in hexadecimal. */
const CALL = 0x85;
export const BAD_RELO = 0xbad2310;
const MAX_OFFSET = 0x7fff;
/** BPF_SIZE of an opcode and its number of bytes. */
const SIZES: Readonly<Record<number, number>> = { 0x00: 4, 0x08: 2, 0x10: 1, 0x18: 8 };

interface Patch {
  /** Changed in place. */
  code: Code;
  /** Index in the function. */
  insn: number;
  relo: NumberedRelo;
  resolution: Resolution;
  log: PredictedLog;
}

const at = (insn: number) => insn * INSN_BYTES;

function sayOf({ relo: { program, index }, log }: Patch, level: 'warn' | 'debug', text: string): void {
  say(log, level, `prog '${program}': relo #${index}: ${text}`);
}

/** The source register. The byte order decides the positions of the two registers. */
function sourceRegister({ view, littleEndian }: Code, insn: number): number {
  const registers = view.getUint8(at(insn) + 1);
  return littleEndian ? registers >> 4 : registers & 0xf;
}

function targetRegister({ view, littleEndian }: Code, insn: number): number {
  const registers = view.getUint8(at(insn) + 1);
  return littleEndian ? registers & 0xf : registers >> 4;
}

function poisonInsn(patch: Patch, insn: number): void {
  const { view, littleEndian } = patch.code;
  sayOf(patch, 'debug', `substituting insn #${insn} w/ invalid insn`);
  if (at(insn + 1) > view.byteLength) return;
  view.setUint8(at(insn), CALL);
  view.setUint8(at(insn) + 1, 0);
  view.setInt16(at(insn) + 2, 0, littleEndian);
  view.setInt32(at(insn) + 4, BAD_RELO, littleEndian);
}

/** Poisons an instruction. libbpf poisons the second half of a 64-bit load first. */
function poison(patch: Patch): 0 {
  if (patch.code.view.getUint8(at(patch.insn)) === LDIMM64) poisonInsn(patch, patch.insn + 1);
  poisonInsn(patch, patch.insn);
  return 0;
}

const u64 = (number: number | bigint) => BigInt.asUintN(64, BigInt(number));

function unexpected(patch: Patch, form: string, got: number | bigint): number {
  const { original, target } = patch.resolution;
  sayOf(patch, 'warn', `unexpected insn #${patch.insn} (${form}) value: got ${got}, exp ${original} -> ${target}`);
  return ERRNO.EINVAL;
}

function patchArithmetic(patch: Patch, opcode: number): number {
  const { code, insn, resolution } = patch;
  const { view, littleEndian } = code;
  if ((opcode & REGISTER_SOURCE) !== 0) return ERRNO.EINVAL;
  const immediate = view.getInt32(at(insn) + 4, littleEndian);
  if (resolution.validate && u64(immediate) !== resolution.original) return unexpected(patch, 'ALU/ALU64', immediate >>> 0);
  view.setInt32(at(insn) + 4, Number(BigInt.asIntN(32, resolution.target)), littleEndian);
  sayOf(patch, 'debug', `patched insn #${insn} (ALU/ALU64) imm ${u64(immediate)} -> ${resolution.target}`);
  return 0;
}

/** Adapts the width of a load or store to the size of the field on this kernel. */
function patchSize(patch: Patch, opcode: number): number {
  const { code, insn, resolution } = patch;
  const [original, target] = [resolution.originalSize, resolution.targetSize];
  if (original === target) return 0;
  const moved = SIZES[opcode & SIZE_BITS];
  if (moved !== original) {
    sayOf(patch, 'warn', `insn #${insn} (LDX/ST/STX) unexpected mem size: got ${moved}, exp ${original}`);
    return ERRNO.EINVAL;
  }
  const bits = Object.entries(SIZES).find(([, bytes]) => bytes === target)?.[0];
  if (bits === undefined) {
    sayOf(patch, 'warn', `insn #${insn} (LDX/ST/STX) invalid new mem size: ${target}`);
    return ERRNO.EINVAL;
  }
  code.view.setUint8(at(insn), (opcode & ~SIZE_BITS) | Number(bits));
  sayOf(patch, 'debug', `patched insn #${insn} (LDX/ST/STX) mem_sz ${original} -> ${target}`);
  return 0;
}

function patchAccess(patch: Patch, opcode: number): number {
  const { code, insn, resolution } = patch;
  const { view, littleEndian } = code;
  const offset = view.getInt16(at(insn) + 2, littleEndian);
  if (resolution.validate && u64(offset) !== resolution.original) return unexpected(patch, 'LDX/ST/STX', offset >>> 0);
  if (resolution.target > MAX_OFFSET) {
    sayOf(patch, 'warn', `insn #${insn} (LDX/ST/STX) value too big: ${resolution.target}`);
    return ERRNO.ERANGE;
  }
  if (resolution.unfitAccess) {
    const advice = 'Make sure you are accessing pointers, unsigned integers, or fields of matching type and size.';
    sayOf(patch, 'warn', `insn #${insn} (LDX/ST/STX) accesses field incorrectly. ${advice}`);
    return resolution.unfitAccess === 'error' ? ERRNO.EINVAL : poison(patch);
  }
  view.setInt16(at(insn) + 2, Number(resolution.target), littleEndian);
  sayOf(patch, 'debug', `patched insn #${insn} (LDX/ST/STX) off ${u64(offset)} -> ${resolution.target}`);
  return patchSize(patch, opcode);
}

function patchLoadImmediate(patch: Patch): number {
  const { code, insn, resolution } = patch;
  const { view, littleEndian } = code;
  const plain = (which: number) => view.getInt16(at(which) + 2, littleEndian) === 0 && sourceRegister(code, which) === 0;
  const isWhole = at(insn + 2) <= view.byteLength && view.getUint8(at(insn)) === LDIMM64 && plain(insn);
  if (!isWhole || view.getUint8(at(insn + 1)) !== 0 || view.getUint8(at(insn + 1) + 1) !== 0 || !plain(insn + 1)) {
    sayOf(patch, 'warn', `insn #${insn} (LDIMM64) has unexpected form`);
    return ERRNO.EINVAL;
  }
  const low = BigInt(view.getUint32(at(insn) + 4, littleEndian));
  const immediate = low | (BigInt(view.getUint32(at(insn + 1) + 4, littleEndian)) << 32n);
  if (resolution.validate && immediate !== resolution.original) return unexpected(patch, 'LDIMM64', immediate);
  view.setUint32(at(insn) + 4, Number(resolution.target & 0xffffffffn), littleEndian);
  view.setUint32(at(insn + 1) + 4, Number(resolution.target >> 32n), littleEndian);
  sayOf(patch, 'debug', `patched insn #${insn} (LDIMM64) imm64 ${immediate} -> ${resolution.target}`);
  return 0;
}

function unrecognized(patch: Patch, opcode: number): number {
  const { code, insn } = patch;
  const { view, littleEndian } = code;
  const hex = (number: number) => `0x${(number >>> 0).toString(16)}`;
  const registers = `src:${hex(sourceRegister(code, insn))}, dst:${hex(targetRegister(code, insn))}`;
  const operands = `off:${hex(view.getInt16(at(insn) + 2, littleEndian))}, imm:${hex(view.getInt32(at(insn) + 4, littleEndian))}`;
  sayOf(patch, 'warn', `trying to relocate unrecognized insn #${insn}, code:${hex(opcode)}, ${registers}, ${operands}`);
  return ERRNO.EINVAL;
}

/**
 * Patches an instruction. Returns 0, or the positive error number that ends the load.
 * @see bpf_core_patch_insn() in libbpf's relo_core.c
 */
export function patchInsn(patch: Patch): number {
  if (patch.resolution.poison) return poison(patch);
  const opcode = patch.code.view.getUint8(at(patch.insn));
  const kind = CLASSES[opcode & CLASS_BITS];
  if (kind === 'ALU' || kind === 'ALU64') return patchArithmetic(patch, opcode);
  if (kind === 'LDX' || kind === 'ST' || kind === 'STX') return patchAccess(patch, opcode);
  return kind === 'LD' ? patchLoadImmediate(patch) : unrecognized(patch, opcode);
}
