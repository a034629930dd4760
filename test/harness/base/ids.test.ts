// Tests of unique ids for items with equal names.
import { expect, test } from 'vitest';
import { uniqueId, withUniqueIds } from '../../../harness/base/ids.ts';

test('an id that is already in use gets the first free number', () => {
  const used = new Set(['a', 'b~2']);
  expect(['a', 'a', 'b', 'b', 'c'].map((wanted) => uniqueId(wanted, used))).toEqual(['a~2', 'a~3', 'b', 'b~3', 'c']);
});

test('the first of several items with the same id keeps it, and the given items are not changed', () => {
  const items = [
    { id: 'a', at: 1 },
    { id: 'a', at: 2 },
    { id: 'a~2', at: 3 },
  ];
  expect(withUniqueIds(items)).toEqual([
    { id: 'a', at: 1 },
    { id: 'a~2', at: 2 },
    { id: 'a~2~2', at: 3 },
  ]);
  expect(items.map(({ id }) => id)).toEqual(['a', 'a', 'a~2']);
});
