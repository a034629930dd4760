// Follows members through the layouts of a type: same name, new name, other place.
import type { LayoutEntry, TypeLayout } from './layout.ts';

export const CHANGES = ['added', 'removed', 'renamed', 'split', 'moved', 'type', 'size', 'offset'] as const;
export type Change = (typeof CHANGES)[number];

/** One member across layouts. */
export interface Lineage {
  /** By layout; null if that layout lacks it. The name of a nested member is its path. */
  entries: (LayoutEntry | null)[];
  /** By layout: the differences from the layout before. Empty for the first. */
  changes: Change[][];
}

/** No real type has more members to compare. */
const MAX_PAIRS = 20_000;
const bare = (name: string) => name.replace(/^_+|_+$/g, '');

function sizeText({ size, bitSize }: LayoutEntry): string {
  return `${size} ${bitSize}`;
}

function difference(before: LayoutEntry, after: LayoutEntry, isValue: boolean): Change[] {
  const changes: Change[] = [];
  if (before.type !== after.type) changes.push('type');
  if (!isValue && sizeText(before) !== sizeText(after)) changes.push('size');
  if (before.bitOffset !== after.bitOffset) changes.push('offset');
  return changes;
}

type Names = ReadonlyMap<string, LayoutEntry>;

/** Members by name; of a duplicate name, such as padding, the first. */
function byName(entries: readonly LayoutEntry[]): Names {
  return new Map(entries.toReversed().map((entry) => [entry.name, entry]));
}

interface Step {
  before: TypeLayout;
  after: TypeLayout;
  old: Names;
  new: Names;
  oldInner: Names;
  newInner: Names;
}

/** The nearest members before and behind it that both layouts have. */
function neighbours(entries: readonly LayoutEntry[], entry: LayoutEntry, both: (name: string) => boolean): string {
  const at = entries.indexOf(entry);
  const common = ({ name }: LayoutEntry) => both(name);
  return `${entries.slice(0, at).findLast(common)?.name} ${entries.slice(at + 1).find(common)?.name}`;
}

const wordsOf = (name: string) =>
  new Set(
    name
      .toLowerCase()
      .split(/[._]+/)
      .filter((word) => word.length > 1),
  );

/** Whether at least half of the words of the shorter name are in the other. */
function namesAreAlike(a: string, b: string): boolean {
  const [few, many] = [wordsOf(a), wordsOf(b)].toSorted((x, y) => x.size - y.size);
  if (!few || !many || few.size === 0) return false;
  return [...few].filter((word) => many.has(word)).length * 2 >= few.size;
}

/** How likely one member became the other; 0 if it did not. */
function likeness(step: Step, gone: LayoutEntry, came: LayoutEntry): number {
  if (bare(gone.name) === bare(came.name)) return 4;
  if (gone.type !== came.type) return 0;
  const alike = namesAreAlike(gone.name, came.name);
  if (step.before.kind === 'enum') return alike ? 1 : 0;
  const sameOffset = gone.bitOffset !== null && gone.bitOffset === came.bitOffset && gone.bitSize === came.bitSize;
  // A removed flag may have left its place to another flag.
  if (!alike && (!sameOffset || gone.bitSize > 0)) return 0;
  const both = (name: string) => step.old.has(name) && step.new.has(name);
  const beside = neighbours(step.before.entries, gone, both) === neighbours(step.after.entries, came, both);
  if (beside) return sameOffset ? 3 : 2;
  return sameOffset && alike ? 1 : 0;
}

/** Pairs of removed and added members, each member once, the most likely pairs first. */
function renames(step: Step, gone: readonly LayoutEntry[], came: readonly LayoutEntry[]): Map<LayoutEntry, LayoutEntry> {
  if (gone.length * came.length > MAX_PAIRS) return new Map();
  const pairs = gone.flatMap((from) => came.map((to) => ({ from, to, score: likeness(step, from, to) })).filter(({ score }) => score > 0));
  const found = new Map<LayoutEntry, LayoutEntry>();
  const used = new Set<LayoutEntry>();
  for (const { from, to } of pairs.toSorted((a, b) => b.score - a.score)) {
    if (found.has(from) || used.has(to)) continue;
    found.set(from, to);
    used.add(to);
  }
  return found;
}

/**
 * The only nested member of that name and size that is new in a member of both layouts; null unless exactly one exists.
 * @param outer members of the other layout
 * @param other nested members of the other layout
 */
function innerOf(entry: LayoutEntry, inner: Names, outer: Names, other: Names): LayoutEntry | null {
  const found = [...inner.values()].filter(({ name, size }) => {
    const container = name.slice(0, -entry.name.length - 1);
    const isThere = name.endsWith(`.${entry.name}`) && (outer.has(container) || other.has(container));
    return isThere && size === entry.size && !other.has(name);
  });
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** `i_ctime` became `i_ctime_sec` and `i_ctime_nsec`. */
function firstPart(entry: LayoutEntry, came: readonly LayoutEntry[]): LayoutEntry | null {
  const parts = came.filter(({ name }) => bare(name).startsWith(`${bare(entry.name)}_`));
  return parts.length > 1 ? (parts[0] ?? null) : null;
}

interface Followed {
  to: LayoutEntry;
  changes: Change[];
}

type Successor = { to: LayoutEntry; change: 'renamed' | 'split' | 'moved' };

/**
 * The successor of a removed member; null if it has none.
 * @param renamed the member under its new name, if there is one
 * @param free added members that are not yet a successor
 */
function successorOf(step: Step, entry: LayoutEntry, renamed: LayoutEntry | undefined, free: readonly LayoutEntry[]): Successor | null {
  if (renamed) return { to: renamed, change: 'renamed' };
  const part = firstPart(entry, free);
  if (part) return { to: part, change: 'split' };
  const inner = innerOf(entry, step.newInner, step.old, step.oldInner);
  return inner && { to: inner, change: 'moved' };
}

/** Maps every member of one layout to its successor in the next. Removed members have no entry. */
function follow(step: Step, tracked: readonly LayoutEntry[]): Map<LayoutEntry, Followed> {
  const isValue = step.before.kind === 'enum';
  const found = new Map<LayoutEntry, Followed>();
  const gone: LayoutEntry[] = [];
  for (const entry of tracked) {
    const same = step.new.get(entry.name) ?? (step.old.has(entry.name) ? undefined : step.newInner.get(entry.name));
    if (same) found.set(entry, { to: same, changes: difference(entry, same, isValue) });
    else gone.push(entry);
  }
  const names = new Set(tracked.map(({ name }) => name));
  const came = step.after.entries.filter(({ name }) => !step.old.has(name) && !names.has(name));
  const renamed = renames(step, gone, came);
  const used = new Set(renamed.values());
  for (const entry of gone) {
    const free = came.filter((each) => !used.has(each));
    const next = successorOf(step, entry, renamed.get(entry), free);
    if (!next) continue;
    used.add(next.to);
    found.set(entry, { to: next.to, changes: [next.change, ...difference(entry, next.to, isValue)] });
  }
  return found;
}

/** Inserts the new members of a layout at their place in the type. */
function insertNew(lineages: Lineage[], step: Step, at: number): void {
  const known = new Map(lineages.flatMap((lineage) => (lineage.entries[at] ? [[lineage.entries[at].name, lineage] as const] : [])));
  let position = 0;
  for (const entry of step.after.entries) {
    const there = known.get(entry.name);
    if (there) {
      position = Math.max(position, lineages.indexOf(there) + 1);
      continue;
    }
    // The member was removed and came back.
    const back = lineages.find(({ entries }) => entries[at] === null && entries.some((each) => each?.name === entry.name));
    const lineage = back ?? newLineage(step, entry, at);
    known.set(entry.name, lineage);
    if (back) {
      back.entries[at] = entry;
      back.changes[at] = ['added'];
      continue;
    }
    lineages.splice(position, 0, lineage);
    position += 1;
  }
}

/** The change of an added member; it may have been nested before. */
function newLineage(step: Step, entry: LayoutEntry, at: number): Lineage {
  const from = innerOf(entry, step.oldInner, step.new, step.newInner);
  const earlier = Array.from({ length: at }, (_, index) => (index === at - 1 ? from : null));
  const change: Change[] = from ? ['moved', ...difference(from, entry, false)] : ['added'];
  return { entries: [...earlier, entry], changes: [...earlier.map(() => []), change] };
}

const NONE: TypeLayout = { kind: 'other', text: '', size: null, entries: [], inner: [], others: 0 };

/**
 * Follows every member through layouts in the order given.
 * @param layouts null for a kernel without the type
 */
export function lineagesOf(layouts: readonly (TypeLayout | null)[]): Lineage[] {
  const lineages: Lineage[] = [];
  for (const [at, layout] of layouts.entries()) {
    const [before, after] = [(at > 0 ? layouts[at - 1] : null) ?? NONE, layout ?? NONE];
    const step: Step = {
      before,
      after,
      old: byName(before.entries),
      new: byName(after.entries),
      oldInner: byName(before.inner),
      newInner: byName(after.inner),
    };
    const next = follow(
      step,
      lineages.flatMap((lineage) => lineage.entries.at(-1) ?? []),
    );
    for (const lineage of lineages) {
      const current = lineage.entries.at(-1) ?? null;
      const followed = current && next.get(current);
      const gone: Change[] = current ? ['removed'] : [];
      lineage.entries.push(followed?.to ?? null);
      lineage.changes.push(followed?.changes ?? gone);
    }
    insertNew(lineages, step, at);
    if (at === 0) for (const lineage of lineages) lineage.changes = [[]];
  }
  return lineages;
}
