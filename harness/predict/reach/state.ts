// Where the verifier stands on a way through a program, and what it knows there.
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import { ANY, type Value } from './value.ts';

/** A call that is not finished: where it returns to, and what it must not change. */
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
  /** No condition on the way here could have kept the verifier from it. */
  certain: boolean;
}

export const FRAME_POINTER = 10;

/** A state of which only the place is known. */
export function forgetAll(state: State): State {
  const registers = state.registers.map((value, register): Value => (register === FRAME_POINTER ? value : ANY));
  const frames = state.frames.map((frame) => ({ ...frame, kept: frame.kept.map(() => ANY) }));
  return { ...state, registers, frames, certain: false };
}

/** A text that is the same for the same instruction, called from the same places. */
export function placeOf({ owner, insn, frames }: State, numbers: Map<ObjectFunction, number>): string {
  const place = (of: ObjectFunction, at: number) => {
    const number = numbers.get(of) ?? numbers.size;
    numbers.set(of, number);
    return `${number}@${at}`;
  };
  return [place(owner, insn), ...frames.map((frame) => place(frame.owner, frame.insn))].join(' ');
}

/** A text that is the same for states in which the same is known; ids of free values count only for which are equal. */
export function valuesKey({ registers, frames }: State): string {
  const ids = new Map<number, number>();
  const text = (value: Value) => {
    if (value.type === 'constant') return `=${value.value}`;
    if (value.type === 'constant-data') return `${value.section}+${value.offset}`;
    if (value.type !== 'free') return value.type;
    const id = ids.get(value.id) ?? ids.size;
    ids.set(value.id, id);
    return `${id}:${value.bits}${value.perhapsPointer ? 'p' : ''}!${value.not.join('!')}`;
  };
  return [registers, ...frames.map(({ kept }) => kept)].map((values) => values.map(text).join()).join(' ');
}
