// The state of the verifier at one place on a path: the instruction, the calls, and the known values.
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import { LOST_STACK, type Stack } from './stack.ts';
import { ANY, type Value } from './value.ts';

/** An unfinished call: where it returns to, and the registers that it preserves. */
export interface Frame {
  owner: ObjectFunction;
  insn: number;
  kept: readonly Value[];
}

export interface State {
  owner: ObjectFunction;
  insn: number;
  /** r0 to r10. */
  registers: Value[];
  frames: readonly Frame[];
  stack: Stack;
  /** True if the path may be impossible on this kernel: a test of its configuration chose it, or there were too many states to follow. */
  guessed: boolean;
  /** True if the verifier certainly reaches this place. */
  certain: boolean;
}

export const FRAME_POINTER = 10;

/** Returns the state with all values unknown. */
export function forgetAll(state: State): State {
  const registers = state.registers.map((value, register): Value => (register === FRAME_POINTER ? value : ANY));
  const frames = state.frames.map((frame) => ({ ...frame, kept: frame.kept.map(() => ANY) }));
  return { ...state, registers, frames, stack: LOST_STACK, guessed: true, certain: false };
}

/** A key for an instruction and the calls that lead to it. */
export function placeOf({ owner, insn, frames }: State, numbers: Map<ObjectFunction, number>): string {
  const place = (of: ObjectFunction, at: number) => {
    const number = numbers.get(of) ?? numbers.size;
    numbers.set(of, number);
    return `${number}@${at}`;
  };
  return [place(owner, insn), ...frames.map((frame) => place(frame.owner, frame.insn))].join(' ');
}

/** A key for the known values of a state. Ids of free values matter only for which values are equal. */
export function valuesKey({ registers, frames, stack, guessed }: State): string {
  const ids = new Map<number, number>();
  const text = (value: Value) => {
    if (value.type === 'constant') return `=${value.value}${value.ref === undefined ? '' : `#${value.ref}`}${value.variable ?? ''}`;
    if (value.type === 'constant-data') return `${value.section}+${value.offset}`;
    if (value.type === 'context') return `context+${value.offset}`;
    if (value.type === 'stack') return `stack${value.frame}+${value.offset}`;
    if (value.type === 'any' && value.ofKernel) return 'kernel';
    if (value.type === 'any' && value.argument !== undefined) return `any${value.argument}`;
    if (value.type !== 'free') return value.type;
    const id = ids.get(value.id) ?? ids.size;
    ids.set(value.id, id);
    return `${id}:${value.bits}${value.perhapsPointer ? 'p' : ''}${value.argument === null ? '' : `a${value.argument}`}!${value.not.join('!')}`;
  };
  const slots = stack.slots.map(({ frame, offset, value }) => `${frame}@${offset}=${text(value)}`);
  const values = [registers, ...frames.map(({ kept }) => kept)].map((each) => each.map(text).join());
  return [...values, ...slots, stack.escaped ? 'escaped' : '', guessed ? 'guessed' : ''].join(' ');
}
