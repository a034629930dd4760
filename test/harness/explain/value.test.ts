// Compares what two accesses read, by the facts of BTF alone.
import { describe, expect, it } from 'vitest';
import { compareConverted, compareValues, type Value } from '../../../harness/explain/value.ts';

const number = (
  bits: number,
  changes: { signed?: boolean; bitfield?: boolean; element?: Value['element']; counts?: 'one-less' | 'part' } = {},
): Value => ({
  kind: 'number',
  bits,
  signed: false,
  bitfield: false,
  element: null,
  ...changes,
});
const pointer = (to: string): Value => ({ kind: 'pointer', to, element: null });
const struct = (of: string): Value => ({ kind: 'address', of, elements: null, element: null });
const array = (of: string, elements: number): Value => ({ kind: 'address', of, elements, element: null });
const element = (index: number, length: number) => ({ index, length, last: true });

describe('another access reads the same value', () => {
  it.each([
    ['a number of the same size and sign', number(32), number(32)],
    ['a bit as a whole bool', number(1, { bitfield: true }), number(1, { signed: true })],
    ['a pointer to the same type', pointer('struct gendisk'), pointer('struct gendisk')],
    ['the address of the same struct', struct('struct page'), struct('struct page')],
    ['the address of a longer array', array('unsigned char', 32), array('unsigned char', 40)],
    ['the same element of an array', number(64, { element: element(1, 4) }), number(64, { element: element(1, 4) })],
  ])('%s', (_, before, after) => {
    expect(compareValues(before, after)).toEqual({ same: true, as: null });
  });

  it('an element of an array that became one word is a part of the word', () => {
    const cap = (index: number) => number(32, { element: element(index, 2) });
    expect(compareValues(cap(0), number(64))).toEqual({ same: true, as: { what: 'bits', shift: 0, width: 32 } });
    expect(compareValues(cap(1), number(64))).toEqual({ same: true, as: { what: 'bits', shift: 32, width: 32 } });
  });
});

describe('another access reads another value', () => {
  it.each([
    ['a whole word instead of a bit', number(1), number(64), 'it has 64 bits, but the program reads 1 bit'],
    ['a narrower number', number(64), number(32), 'it has 32 bits, but the program reads 64 bits'],
    ['a signed number', number(32), number(32, { signed: true }), 'it is signed, but the program reads it as unsigned'],
    [
      'a pointer to another type',
      pointer('struct gendisk'),
      pointer('struct block_device'),
      'it points to struct block_device, but the program reads a pointer to struct gendisk',
    ],
    ['a pointer instead of a number', number(64), pointer('struct cgroup'), 'it is a pointer, but a number was there'],
    ['a number instead of a struct', struct('struct page'), number(64), 'it is a number, but an array or struct was there'],
    ['another struct', struct('struct page'), struct('struct folio'), 'it is struct folio, but struct page was there'],
    ['a shorter array', array('char', 40), array('char', 32), 'the array has 32 elements, but had 40'],
    ['an array instead of a struct', struct('char'), array('char', 2), 'it is an array of char, but char was there'],
    ['an element of an array', number(32), number(32, { element: element(0, 7) }), 'element 0 of an array is only a part of it'],
    ['another element', number(32, { element: element(1, 4) }), number(32, { element: element(0, 4) }), 'the index 1 became 0'],
    [
      'a word of another size than the array',
      number(32, { element: element(1, 4) }),
      number(64),
      'it has 64 bits, but the program reads 32 bits',
    ],
    ['one value instead of an element', number(32, { element: element(1, 1) }), number(32), 'element 1 of an array became one value'],
  ])('%s', (_, before, after, why) => {
    expect(compareValues(before, after)).toEqual({ same: false, why });
  });
});

describe('a known change states how to read the value', () => {
  const bit = { what: 'bits', shift: 11, width: 1 } as const;

  it('a conversion must give a number of the right width and sign', () => {
    const convert = (before: Value, after: Value) => compareConverted(before, after, { as: bit, sameNumber: false });
    expect(convert(number(1), number(64))).toEqual({ same: true, as: bit });
    expect(convert(number(8), number(64))).toEqual({ same: false, why: 'it has 1 bit, but the program reads 8 bits' });
    expect(convert(number(1), number(8))).toEqual({ same: false, why: '8 bits do not contain bit 11' });
    expect(convert(number(1), pointer('void'))).toEqual({ same: false, why: 'a pointer cannot be converted' });
  });

  it('a comparison gives one bit, and a count keeps width and sign', () => {
    const flag = { as: { what: 'is-not-zero' }, sameNumber: false } as const;
    expect(compareConverted(number(1), number(32), flag)).toMatchObject({ same: true });
    expect(compareConverted(number(32), number(32), flag)).toMatchObject({ same: false });
    const count = { as: { what: 'one-more' }, sameNumber: false } as const;
    expect(compareConverted(number(64, { signed: true }), number(64, { signed: true }), count)).toMatchObject({ same: true });
    expect(compareConverted(number(64), number(64, { signed: true }), count)).toMatchObject({ same: false });
  });

  it('a count that became one less than the count is read as one more', () => {
    const count = number(32, { signed: true });
    const before = number(32, { signed: true, counts: 'one-less' });
    expect(compareValues(count, before)).toEqual({ same: true, as: { what: 'one-more' } });
    expect(compareValues(before, count)).toEqual({ same: false, why: 'it is the count, but the program reads one less' });
    expect(compareValues(before, before)).toEqual({ same: true, as: null });
  });

  it('the sum of a percpu_counter is not the value of a plain counter', () => {
    const sum = number(64, { signed: true, counts: 'part' });
    expect(compareValues(number(64, { signed: true }), sum)).toEqual({
      same: false,
      why: 'the sum of a percpu_counter lacks what each CPU still holds',
    });
    expect(compareConverted(number(64, { signed: true }), sum, { as: null, sameNumber: true })).toEqual({ same: true, as: null });
  });

  it('the same number in another integer type is the same value, but a pointer is not', () => {
    const same = { as: null, sameNumber: true };
    expect(compareConverted(number(64, { signed: true }), number(32), same)).toEqual({ same: true, as: null });
    expect(compareConverted(number(64), pointer('void'), same)).toEqual({ same: false, why: 'it is a pointer, but a number was there' });
  });
});
