// Checks what a schema cannot express: every reference in results has a target.
import type { CellResult, History, LogStore, Results, TypeLayouts } from '../harness/results/schema.ts';

export interface Broken {
  /** Keys and positions that lead to the place. */
  path: readonly (string | number)[];
  message: string;
}

function findTwin(names: readonly string[]): number {
  const seen = new Set<string>();
  return names.findIndex((name) => seen.size === seen.add(name).size);
}

function brokenLog(cell: CellResult, texts: LogStore['texts']): Broken | null {
  const refs: [(string | number)[], string | null][] = [
    ...Object.entries(cell.logs).map(([name, id]): [string[], string | null] => [['logs', name], id ?? null]),
    ...cell.programs.flatMap(({ logs }, index) =>
      Object.entries(logs).map(([name, id]): [(string | number)[], string | null] => [['programs', index, 'logs', name], id]),
    ),
  ];
  const found = refs.find(([, id]) => id !== null && !Object.hasOwn(texts, id));
  return found ? { path: found[0], message: `there is no log ${JSON.stringify(found[1])}` } : null;
}

function brokenCell(
  cell: CellResult,
  kernels: ReadonlySet<string>,
  objects: ReadonlyMap<string, number>,
  texts: LogStore['texts'],
): Broken | null {
  if (!kernels.has(cell.kernel)) return { path: ['kernel'], message: `there is no kernel ${JSON.stringify(cell.kernel)}` };
  const relocations = objects.get(cell.object);
  if (relocations === undefined) return { path: ['object'], message: `there is no object ${JSON.stringify(cell.object)}` };
  const index = cell.relocations.findIndex(({ ref }) => ref >= relocations);
  if (index >= 0) return { path: ['relocations', index, 'ref'], message: `its object has ${relocations} relocations` };
  return brokenLog(cell, texts);
}

function brokenHistory(
  { runs, programs, failing, flaky }: History,
  kernels: ReadonlySet<string>,
  objects: ReadonlySet<string>,
): Broken | null {
  for (const [index, { object, trends }] of programs.entries()) {
    const path = ['programs', index];
    if (!objects.has(object)) return { path: [...path, 'object'], message: `there is no object ${JSON.stringify(object)}` };
    if (trends.length !== kernels.size) return { path: [...path, 'trends'], message: `there are ${kernels.size} kernels` };
    const at = trends.findIndex((trend) => trend.length !== runs.length);
    if (at >= 0) return { path: [...path, 'trends', at], message: `there are ${runs.length} runs` };
  }
  for (const [name, items] of Object.entries({ failing, flaky })) {
    const at = items.findIndex(({ kernel, object }) => !kernels.has(kernel) || !objects.has(object));
    if (at >= 0) return { path: [name, at], message: 'there is no such kernel or object' };
  }
  return null;
}

function brokenType({ members, layouts, missing }: TypeLayouts, kernels: ReadonlySet<string>): Broken | null {
  for (const [at, layout] of layouts.entries()) {
    const index = layout.places.findIndex(([member]) => member >= members.length);
    if (index >= 0) return { path: ['layouts', at, 'places', index, 0], message: `its type has ${members.length} members` };
  }
  const unknown = [...layouts.flatMap((layout) => layout.kernels), ...missing].find((kernel) => !kernels.has(kernel));
  return unknown === undefined ? null : { path: [], message: `there is no kernel ${JSON.stringify(unknown)}` };
}

/** The first reference without a target, or the first duplicate name; null if all are right. */
export function findBroken({ kernels, objects, cells, logs, history, layouts, explanation }: Results): Broken | null {
  const kernel = findTwin(kernels.map(({ id }) => id));
  if (kernel >= 0) return { path: ['kernels', kernel, 'id'], message: 'an earlier kernel has the same id' };
  const object = findTwin(objects.map(({ id }) => id));
  if (object >= 0) return { path: ['objects', object, 'id'], message: 'an earlier object has the same id' };
  const twin = findTwin(cells.map((cell) => JSON.stringify([cell.kernel, cell.object])));
  if (twin >= 0) return { path: ['cells', twin], message: 'an earlier cell is of the same kernel and object' };
  for (const [id, log] of Object.entries(logs.texts)) {
    const index = !Array.isArray(log) ? -1 : log.findIndex((line) => line >= logs.lines.length);
    if (index >= 0) return { path: ['logs', 'texts', id, index], message: `there are ${logs.lines.length} lines` };
  }
  const kernelIds = new Set(kernels.map(({ id }) => id));
  const counts = new Map(objects.map(({ id, relocations }) => [id, relocations.length]));
  for (const [index, cell] of cells.entries()) {
    const broken = brokenCell(cell, kernelIds, counts, logs.texts);
    if (broken) return { ...broken, path: ['cells', index, ...broken.path] };
  }
  for (const [index, type] of (layouts?.types ?? []).entries()) {
    const broken = brokenType(type, kernelIds);
    if (broken) return { ...broken, path: ['layouts', 'types', index, ...broken.path] };
  }
  const unknown = [...(explanation?.causes ?? [])].findIndex(({ places }) =>
    places.some(({ object: of, fails, behind }) => !counts.has(of) || [...fails, ...behind].some((id) => !kernelIds.has(id))),
  );
  if (unknown >= 0) return { path: ['explanation', 'causes', unknown, 'places'], message: 'there is no such kernel or object' };
  const broken = history ? brokenHistory(history, kernelIds, new Set(counts.keys())) : null;
  return broken && { ...broken, path: ['history', ...broken.path] };
}
