// Follows the arguments of a function through its prototypes by position, because programs read them by position.
import type { LayoutEntry, TypeLayout } from './layout.ts';
import type { Change, Lineage } from './lineage.ts';

const keyOf = ({ position, name }: LayoutEntry) => position ?? name;

function changesBetween(before: LayoutEntry | null, after: LayoutEntry | null): Change[] {
  if (!before) return after ? ['added'] : [];
  if (!after) return ['removed'];
  const changes: Change[] = [];
  if (before.name !== after.name) changes.push('renamed');
  if (before.type !== after.type) changes.push('type');
  if (before.size !== after.size) changes.push('size');
  return changes;
}

/** Returns one lineage for each position, in the order of positions, and the result last. */
export function parameterLineages(layouts: readonly TypeLayout[]): Lineage[] {
  const indexes = layouts.map(({ entries }) => new Map(entries.map((entry) => [keyOf(entry), entry])));
  const last = (key: number | string) => key === 'return';
  const keys = [...new Set(indexes.flatMap((index) => [...index.keys()]))].toSorted((a, b) => Number(last(a)) - Number(last(b)));
  return keys.map((key) => {
    const entries = indexes.map((index) => index.get(key) ?? null);
    return { entries, changes: entries.map((entry, at) => (at === 0 ? [] : changesBetween(entries[at - 1] ?? null, entry))) };
  });
}
