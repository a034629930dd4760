// Tests of what is known about a program's stack, without any program.
import { expect, test } from 'vitest';
import type { Insn } from '../../../../harness/predict/reach/insn.ts';
import { afterCallOf, afterStore, EMPTY_STACK, loadedFrom, type Stack, withoutFrame } from '../../../../harness/predict/reach/stack.ts';
import { ANY, type Value } from '../../../../harness/predict/reach/value.ts';

const ARGUMENT: Value = { type: 'any', argument: 2 };
const CONTEXT: Value = { type: 'context', offset: 0 };

const pointer = (offset: number | null, frame = 0) => ({ type: 'stack', frame, offset }) as const;

/** A load or store of some bytes at an offset from its base. */
const access = (offset: number, size = 8): Insn => {
  return { class: 3, operation: 0, fromRegister: false, size, mode: 0x60, dst: 10, src: 1, offset, immediate: 0 };
};

/** Argument 2 at -16, and the context at -8. */
const STORED = afterStore(afterStore(EMPTY_STACK, access(-16), pointer(0), ARGUMENT), access(-8), pointer(0), CONTEXT);

const at16 = (stack: Stack) => loadedFrom(stack, access(-16), pointer(0));
const at8 = (stack: Stack) => loadedFrom(stack, access(-8), pointer(0));

test('a whole slot reads what was stored there, through every pointer to it', () => {
  expect([at16(STORED), at8(STORED)]).toEqual([ARGUMENT, CONTEXT]);
  expect(loadedFrom(STORED, access(0), pointer(-16))).toEqual(ARGUMENT);
  expect(loadedFrom(STORED, access(-16), pointer(0, 1))).toEqual(ANY);
  expect(loadedFrom(STORED, access(-16, 4), pointer(0))).toEqual(ANY);
  expect(loadedFrom(STORED, access(-12), pointer(0))).toEqual(ANY);
  expect(loadedFrom(STORED, access(-16), pointer(null))).toEqual(ANY);
});

test.each([
  ['one byte', access(-13, 1), pointer(0)],
  ['the bytes of two slots', access(-12), pointer(0)],
  ['half of the slot', access(-16, 4), pointer(0)],
  ['an unknown place in the same frame', access(0), pointer(null)],
] as const)('a store to %s makes the slot unknown', (_, insn, base) => {
  expect(at16(afterStore(STORED, insn, base, ARGUMENT))).toEqual(ANY);
});

test('a store beside the slot, to another frame or to other memory keeps it', () => {
  for (const [insn, base] of [
    [access(-24), pointer(0)],
    [access(-17, 1), pointer(0)],
    [access(-16), pointer(0, 1)],
    [access(0), ANY],
    [access(0), { type: 'data' }],
  ] as const) {
    expect(at16(afterStore(STORED, insn, base, ANY))).toEqual(ARGUMENT);
  }
});

test('a store through an unknown value makes all slots unknown once a pointer into the stack was stored or a callback exists', () => {
  const stored = afterStore(STORED, access(-32), pointer(0), pointer(-16));
  expect(at16(stored)).toEqual(ARGUMENT);
  expect(at16(afterStore(stored, access(0), ANY, ANY))).toEqual(ANY);
  expect(at16(afterStore(stored, access(0), ARGUMENT, ANY))).toEqual(ARGUMENT);
  expect(at16(afterStore({ ...STORED, escaped: true }, access(0), ANY, ANY))).toEqual(ANY);
});

test('a function that gets a pointer into the stack may write everything at and above it', () => {
  const passed = (value: Value) => afterCallOf(STORED, [ANY, value, ANY], false);
  expect([at16(passed(pointer(-8))), at8(passed(pointer(-8)))]).toEqual([ARGUMENT, ANY]);
  expect([at16(passed(pointer(-64))), at8(passed(pointer(-64)))]).toEqual([ANY, ANY]);
  expect(at16(passed(pointer(-9)))).toEqual(ANY);
  expect(at16(passed(pointer(null)))).toEqual(ANY);
  expect(at16(passed(pointer(-64, 1)))).toEqual(ARGUMENT);
  expect(at16(passed(CONTEXT))).toEqual(ARGUMENT);
});

test('a kernel function may return the pointer that it got', () => {
  const called = afterCallOf(STORED, [pointer(-8)], true);
  expect(at16(called)).toEqual(ARGUMENT);
  expect(at16(afterStore(called, access(0), ANY, ANY))).toEqual(ANY);
  expect(at16(afterCallOf(called, [ANY], false))).toEqual(ANY);
});

test('the slots of a function are gone when it returns', () => {
  const inner = afterStore(STORED, access(-8), pointer(0, 1), ARGUMENT);
  expect(loadedFrom(inner, access(-8), pointer(0, 1))).toEqual(ARGUMENT);
  const returned = withoutFrame(inner, 1);
  expect(loadedFrom(returned, access(-8), pointer(0, 1))).toEqual(ANY);
  expect(at16(returned)).toEqual(ARGUMENT);
});
