// Ids that differ although their names do not.
import { expect, test } from 'vitest';
import { uniqueId, withUniqueIds } from '../../../harness/base/ids.ts';

test('an id that is used already gets the first free number', () => {
  const used = new Set(['a', 'b~2']);
  expect(['a', 'a', 'b', 'b', 'c'].map((wanted) => uniqueId(wanted, used))).toEqual(['a~2', 'a~3', 'b', 'b~3', 'c']);
});

test('of several items with the same id the first keeps it, and the items stay as they are', () => {
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
