// Layouts of types on the kernels of a run, in the form of the results: each distinct layout once.
import type { KernelTypes } from '../core-relo/candidates.ts';
import type { TypeLayouts, LayoutCollection } from './schema.ts';
import { findLayout, type LayoutEntry, type TypeLayout } from './layouts/layout.ts';

/** The layouts of the requested types on a kernel with BTF; null for a missing type. */
export interface KernelLayouts {
  kernel: string;
  layouts: ReadonlyMap<string, CollectedLayout | null>;
}

type CollectedLayout = Pick<TypeLayout, 'kind' | 'size' | 'others' | 'entries'>;

/** Limit of members in all layouts together: about three megabytes of JSON. */
const MAX_PLACES = 400_000;

/** The layouts of types by name on one kernel. */
export function layoutsOn(kernel: string, { vmlinux }: KernelTypes, names: readonly string[]): KernelLayouts {
  return { kernel, layouts: new Map(names.map((name) => [name, findLayout(vmlinux, name)])) };
}

function collectedType(name: string, kernels: readonly KernelLayouts[]): TypeLayouts {
  const type: TypeLayouts = { name, members: [], layouts: [], missing: [] };
  const members = new Map<string, number>();
  const layouts = new Map<string, TypeLayouts['layouts'][number]>();
  const memberOf = ({ name: member, type: declared, size, bitSize }: LayoutEntry): number => {
    const key = JSON.stringify([member, declared, size, bitSize]);
    const known = members.get(key) ?? type.members.push({ name: member, type: declared, size, bitSize }) - 1;
    members.set(key, known);
    return known;
  };
  for (const { kernel, layouts: found } of kernels) {
    const layout = found.get(name);
    if (layout === null) type.missing.push(kernel);
    if (!layout) continue;
    const { kind, size, others } = layout;
    const places = layout.entries.map((entry): [number, number | null] => [memberOf(entry), entry.bitOffset]);
    const key = JSON.stringify([kind, size, others, places]);
    const known = layouts.get(key) ?? { kernels: [], kind, size, others, places };
    if (!layouts.has(key)) type.layouts.push(known);
    layouts.set(key, known);
    known.kernels.push(kernel);
  }
  return type;
}

function sizeOf({ layouts }: TypeLayouts): number {
  return layouts.reduce((sum, { places }) => sum + places.length, 0);
}

/**
 * Collects the layouts of kernels, in their order, with types by name. If all exceed the limit, the
 * largest types are omitted and named.
 * @param left names of types to omit in any case
 */
export function collectLayouts(kernels: readonly KernelLayouts[], left: readonly string[] = [], most = MAX_PLACES): LayoutCollection {
  const without = new Set(left);
  const names = new Set(kernels.flatMap(({ layouts }) => [...layouts.keys()]));
  const all = [...names].filter((name) => !without.has(name)).map((name) => collectedType(name, kernels));
  const kept: TypeLayouts[] = [];
  let room = most;
  for (const type of all.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
    room -= sizeOf(type);
    if (room >= 0) kept.push(type);
    else without.add(type.name);
  }
  return { types: kept.toSorted((a, b) => (a.name < b.name ? -1 : 1)), omitted: [...without].toSorted() };
}

/** The entries of one distinct layout, with members by name. */
export function entriesOf({ members }: TypeLayouts, { places }: TypeLayouts['layouts'][number]): LayoutEntry[] {
  return places.flatMap(([member, bitOffset]) => {
    const known = members[member];
    return known ? [{ ...known, bitOffset }] : [];
  });
}

/** Layouts by kernel: the inverse of collectLayouts. */
export function layoutsByKernel({ types }: LayoutCollection): KernelLayouts[] {
  const kernels = new Map<string, Map<string, CollectedLayout | null>>();
  const put = (kernel: string, name: string, layout: CollectedLayout | null) => {
    const own = kernels.get(kernel) ?? new Map<string, CollectedLayout | null>();
    kernels.set(kernel, own.set(name, layout));
  };
  for (const type of types) {
    for (const kernel of type.missing) put(kernel, type.name, null);
    for (const layout of type.layouts) {
      const { kind, size, others } = layout;
      const stored = { kind, size, others, entries: entriesOf(type, layout) };
      for (const kernel of layout.kernels) put(kernel, type.name, stored);
    }
  }
  return [...kernels].map(([kernel, layouts]) => ({ kernel, layouts }));
}
