// What a program keeps in whole slots of its stack: the context, arguments of its hook, and pointers into the stack.
import type { Insn } from './insn.ts';
import { ANY, argumentIn, type Value } from './value.ts';

type Pointer = Extract<Value, { type: 'stack' }>;

interface Slot {
  /** The depth of the call whose stack it is. */
  frame: number;
  /** From the frame pointer. */
  offset: number;
  value: Value;
}

export interface Stack {
  /** In one order for the same content. */
  slots: readonly Slot[];
  /** True if an unknown value may be a pointer into the stack. */
  escaped: boolean;
}

export const EMPTY_STACK: Stack = { slots: [], escaped: false };
/** A stack about which nothing is known any more. */
export const LOST_STACK: Stack = { slots: [], escaped: true };
const WHOLE = 8;

/** A value as the verifier reads it back: it may know more about an argument, or less than before it was stored. */
function kept(value: Value): Value | null {
  if (value.type === 'context' || value.type === 'stack') return value;
  const argument = argumentIn(value);
  return argument === null ? null : { type: 'any', argument };
}

/** Whether a value may be a pointer into the stack. */
function mayPoint(value: Value, { escaped }: Stack): boolean {
  return value.type === 'stack' || (value.type === 'any' && value.argument === undefined && escaped);
}

/** The slots of a frame that bytes from `start` up to `end` do not touch. */
function without(slots: readonly Slot[], frame: number, start: number, end: number): Slot[] {
  return slots.filter((slot) => slot.frame !== frame || slot.offset + WHOLE <= start || slot.offset >= end);
}

/**
 * Returns the stack after a store.
 * @param base the value of the address register
 * @param value null for a constant and for the result of an atomic operation
 */
export function afterStore(stack: Stack, { offset, size }: Insn, base: Value, value: Value | null): Stack {
  const escaped = stack.escaped || value?.type === 'stack';
  if (base.type !== 'stack') return mayPoint(base, stack) ? LOST_STACK : { ...stack, escaped };
  const { frame } = base;
  if (base.offset === null) return { slots: stack.slots.filter((slot) => slot.frame !== frame), escaped };
  const at = base.offset + offset;
  const others = without(stack.slots, frame, at, at + size);
  const stored = value && size === WHOLE && at % WHOLE === 0 ? kept(value) : null;
  if (stored === null) return { slots: others, escaped };
  return { slots: [...others, { frame, offset: at, value: stored }].toSorted((a, b) => a.frame - b.frame || a.offset - b.offset), escaped };
}

/** The value that a load of a whole slot reads; unknown for every other load. */
export function loadedFrom({ slots }: Stack, { offset, size }: Insn, base: Pointer): Value {
  if (base.offset === null || size !== WHOLE) return ANY;
  const at = base.offset + offset;
  return slots.find((slot) => slot.frame === base.frame && slot.offset === at)?.value ?? ANY;
}

/**
 * Returns the stack after the call of a function that is not followed. It may write at and above each address that it gets.
 * @param passed the values of r1 to r5
 * @param mayReturnIt true if its result may point into the stack
 */
export function afterCallOf(stack: Stack, passed: readonly Value[], mayReturnIt: boolean): Stack {
  let { slots, escaped } = stack;
  for (const value of passed) {
    if (!mayPoint(value, stack)) continue;
    if (value.type !== 'stack') return LOST_STACK;
    slots = without(slots, value.frame, value.offset ?? -Infinity, Infinity);
    escaped ||= mayReturnIt;
  }
  return { slots, escaped };
}

/** Returns the stack after the function at this depth returned. */
export function withoutFrame({ slots, escaped }: Stack, depth: number): Stack {
  return { slots: slots.filter(({ frame }) => frame < depth), escaped };
}
