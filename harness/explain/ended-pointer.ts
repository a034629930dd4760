// Recognizes a pointer that a call made unusable: the program gave its memory back, or the call may move the packet.
import { HELPER_NAMES } from '../bpf/object/helper-names.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import { type Code, compiledCode } from '../core-relo/code.ts';
import { ALU, CLASS, readInsn } from '../predict/reach/insn.ts';
import { FIRST_ARGUMENT, isCall, isEnd, isHelperCall, isMove, LAST_CLOBBERED, pointerIn, writes } from './pointer-walk.ts';

/** Helpers that end the pointer in their first argument: a record of a ring buffer, or a socket. */
const RELEASING: ReadonlySet<string> = new Set(['bpf_ringbuf_submit', 'bpf_ringbuf_discard', 'bpf_sk_release']);

/**
 * Helpers that may move a packet.
 * @see bpf_helper_changes_pkt_data() in net/core/filter.c
 */
const MOVING: ReadonlySet<string> = new Set([
  'bpf_xdp_adjust_head',
  'bpf_xdp_adjust_meta',
  'bpf_xdp_adjust_tail',
  'bpf_skb_pull_data',
  'bpf_skb_change_head',
  'bpf_skb_change_tail',
  'bpf_skb_change_proto',
  'bpf_skb_store_bytes',
  'bpf_skb_adjust_room',
  'bpf_skb_vlan_push',
  'bpf_skb_vlan_pop',
  'bpf_l3_csum_replace',
  'bpf_l4_csum_replace',
  'bpf_clone_redirect',
]);
/** Programs that get the addresses of a packet as numbers of four bytes in their context. */
const WITH_PACKET: ReadonlySet<string> = new Set(['xdp', 'sched_cls', 'sched_act']);

export interface EndedPointer {
  /** The name and the instruction of the call. */
  call: string;
  insn: number;
  by: 'release' | 'move';
}

/** Whether the first argument of a call is a copy of a register. */
function passes(code: Code, register: number, call: number): boolean {
  for (let at = call - 1; at >= 0; at--) {
    const insn = readInsn(code, at);
    if (!insn || isEnd(insn) || isCall(insn) || writes(insn, register)) return false;
    if (writes(insn, FIRST_ARGUMENT)) return isMove(insn) && insn.src === register;
  }
  return false;
}

/** Whether a register got an address of the packet from the context before an instruction: only those are loads of four bytes. */
function isOfPacket(code: Code, register: number, before: number): boolean {
  let source = register;
  for (let at = before - 1; at >= 0; at--) {
    const insn = readInsn(code, at);
    if (!insn || isEnd(insn) || (isCall(insn) && source <= LAST_CLOBBERED)) return false;
    if (!writes(insn, source)) continue;
    if (insn.class === CLASS.LDX) return insn.size === 4;
    if (isMove(insn)) source = insn.src;
    else if (insn.class !== CLASS.ALU64 || insn.operation !== ALU.ADD) return false;
  }
  return false;
}

/**
 * Finds the call that ended a pointer, among the instructions right before its use.
 * @param at the instruction at which the verifier stopped, perhaps in a subprogram
 * @param program the program that the verifier refused, whose type decides what its subprograms find in the context
 * @returns null if the instruction uses no pointer, or if no such call precedes it
 */
export function endedBefore(object: BpfObject, at: { program: string; insn: number }, program: string): EndedPointer | null {
  const owner = [...object.programs, ...object.subprograms].find(({ name }) => name === at.program);
  const code = owner && compiledCode(object)(owner);
  const used = code && readInsn(code, at.insn);
  let register = used ? pointerIn(used) : null;
  if (!code || register === null) return null;
  const hasPacket = object.programs.some(({ name, type }) => name === program && type !== null && WITH_PACKET.has(type));
  for (let before = at.insn - 1; before >= 0; before--) {
    const insn = readInsn(code, before);
    if (!insn || isEnd(insn) || (isCall(insn) && register <= LAST_CLOBBERED)) return null;
    const call: string | undefined = isHelperCall(insn) ? HELPER_NAMES[insn.immediate] : undefined;
    if (call !== undefined && RELEASING.has(call) && passes(code, register, before)) return { call, insn: before, by: 'release' };
    if (call !== undefined && hasPacket && MOVING.has(call) && isOfPacket(code, register, before))
      return { call, insn: before, by: 'move' };
    if (!writes(insn, register)) continue;
    if (!isMove(insn)) return null;
    register = insn.src;
  }
  return null;
}
