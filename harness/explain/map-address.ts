// Recognizes an address that a program took from the value of a map. To the verifier it is a number, unless BTF marks the field.
import { HELPER_NAMES } from '../bpf/object/helper-names.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import { compiledCode } from '../core-relo/code.ts';
import { CLASS, readInsn } from '../predict/reach/insn.ts';
import { isCall, isEnd, isHelperCall, isMove, LAST_CLOBBERED, pointerIn, writes } from './pointer-walk.ts';

/** Helpers that return the address of a value in a map. */
const LOOKUPS: ReadonlySet<string> = new Set([
  'bpf_map_lookup_elem',
  'bpf_map_lookup_percpu_elem',
  'bpf_sk_storage_get',
  'bpf_inode_storage_get',
  'bpf_task_storage_get',
  'bpf_cgrp_storage_get',
  'bpf_get_local_storage',
]);
const RESULT = 0;

/** Where the address comes from. */
export interface MapAddress {
  /** The instruction that reads it from the value. */
  insn: number;
  /** The helper that found the value. */
  call: string;
}

/**
 * Finds the read of a map value that gave an address, among the instructions right before its use.
 * @param at the instruction at which the verifier stopped, perhaps in a subprogram
 * @returns null if the instruction uses no pointer, or if its pointer comes from elsewhere
 */
export function addressFromMap(object: BpfObject, at: { program: string; insn: number }): MapAddress | null {
  const owner = [...object.programs, ...object.subprograms].find(({ name }) => name === at.program);
  const code = owner && compiledCode(object)(owner);
  const used = code && readInsn(code, at.insn);
  let register = used ? pointerIn(used) : null;
  if (!code || register === null) return null;
  let read: number | null = null;
  for (let before = at.insn - 1; before >= 0; before--) {
    const insn = readInsn(code, before);
    if (!insn || isEnd(insn)) return null;
    if (isCall(insn) && register <= LAST_CLOBBERED) {
      const call = register === RESULT && isHelperCall(insn) ? HELPER_NAMES[insn.immediate] : undefined;
      return read !== null && call !== undefined && LOOKUPS.has(call) ? { insn: read, call } : null;
    }
    if (!writes(insn, register)) continue;
    if (read === null && insn.class === CLASS.LDX) read = before;
    else if (!isMove(insn)) return null;
    register = insn.src;
  }
  return null;
}
