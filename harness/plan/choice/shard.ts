// The cells of a plan that a shard runs. Every machine gets the same answer for the same plan.
import { UserError } from '../../base/errors.ts';
import type { Results } from '../../results/schema.ts';
import type { Choose } from './choice.ts';

/** One of several parts of a plan; `index` counts from 1. */
export interface Shard {
  index: number;
  total: number;
}

/** Measured or estimated durations of cells and kernels, in milliseconds. */
export interface Durations {
  cell: (kernel: string, object: string) => number;
  /** The time to download, boot and save a kernel before its first cell. */
  kernel: (kernel: string) => number;
}

const MAX_SHARDS = 1000;
/** Used without measurements. Only their proportion matters: booting a kernel takes as long as a few cells. */
const UNKNOWN_CELL_MS = 1000;
const UNKNOWN_KERNEL_MS = 8000;

/**
 * Reads `2/3`.
 * @throws UserError
 */
export function parseShard(text: string): Shard {
  const [, index, total] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const shard = { index: Number(index), total: Number(total) };
  if (shard.index >= 1 && shard.index <= shard.total && shard.total <= MAX_SHARDS) return shard;
  throw new UserError(`'${text}' is not a shard; expected for example 2/3, the second of three, of at most ${MAX_SHARDS}`);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Durations that an earlier run measured: of the cell itself, else of its object on other kernels, else of all cells.
 * Cells without a verdict do not count, because they measure only a timeout.
 */
export function measuredDurations(results: Results | null): Durations {
  const measured = (results?.cells ?? []).filter(({ status }) => status !== 'infra' && status !== 'not-run' && status !== 'skip');
  const all = mean(measured.map(({ durationMs }) => durationMs)) ?? UNKNOWN_CELL_MS;
  const cells = new Map(measured.map((cell) => [JSON.stringify([cell.kernel, cell.object]), cell.durationMs]));
  const ids = [...new Set(measured.map(({ object }) => object))];
  const objects = new Map(
    ids.map((id) => [id, mean(measured.filter(({ object }) => object === id).map(({ durationMs }) => durationMs)) ?? all]),
  );
  const boots = new Map((results?.kernels ?? []).flatMap(({ id, boot }) => (boot ? [[id, boot.durationMs] as const] : [])));
  const boot = mean([...boots.values()]) ?? (UNKNOWN_KERNEL_MS / UNKNOWN_CELL_MS) * all;
  return {
    cell: (kernel, object) => cells.get(JSON.stringify([kernel, object])) ?? objects.get(object) ?? all,
    kernel: (kernel) => boots.get(kernel) ?? boot,
  };
}

interface Piece {
  kernel: string;
  objects: string[];
  cost: number;
}

/** Splits the cells of one kernel into `count` pieces of about the same cost. Objects keep their order. */
function piecesOf(kernel: string, objects: readonly string[], count: number, durations: Durations): Piece[] {
  const costs = objects.map((object) => durations.cell(kernel, object));
  const share = costs.reduce((sum, cost) => sum + cost, 0) / count;
  const pieces = Array.from({ length: count }, (): Piece => ({ kernel, objects: [], cost: durations.kernel(kernel) }));
  let before = 0;
  for (const [at, object] of objects.entries()) {
    const cost = costs[at] ?? 0;
    // A cell belongs to the piece that contains its middle.
    const piece = pieces[Math.min(count - 1, Math.floor((before + cost / 2) / (share || 1)))];
    piece?.objects.push(object);
    if (piece) piece.cost += cost;
    before += cost;
  }
  return pieces.filter((piece) => piece.objects.length > 0);
}

function columnCost(kernel: string, objects: readonly string[], durations: Durations): number {
  return objects.reduce((sum, object) => sum + durations.cell(kernel, object), durations.kernel(kernel));
}

/**
 * Cuts a plan into shards. Kernels stay whole if possible, because every shard with a cell of a kernel must boot it; a kernel that costs
 * more than a shard should is cut, too. The most expensive piece goes to the shard with the least cost so far.
 * @returns the objects of each shard, by kernel
 */
export function cutPlan(
  kernels: readonly string[],
  objects: readonly string[],
  total: number,
  durations: Durations,
): ReadonlyMap<string, ReadonlySet<string>>[] {
  const costs = kernels.map((kernel) => columnCost(kernel, objects, durations));
  const ideal = costs.reduce((sum, cost) => sum + cost, 0) / total;
  const pieces = kernels.flatMap((kernel, at) => {
    const count = Math.min(objects.length, total, Math.max(1, Math.ceil((costs[at] ?? 0) / (ideal || 1) - 0.5)));
    return piecesOf(kernel, objects, count, durations);
  });
  const shards = Array.from({ length: total }, () => ({ cost: 0, cells: new Map<string, Set<string>>() }));
  const order = new Map(kernels.map((kernel, at) => [kernel, at]));
  for (const piece of pieces.toSorted((a, b) => b.cost - a.cost || (order.get(a.kernel) ?? 0) - (order.get(b.kernel) ?? 0))) {
    const least = shards.reduce((best, shard) => (shard.cost < best.cost ? shard : best));
    const known = least.cells.get(piece.kernel) ?? new Set();
    least.cells.set(piece.kernel, new Set([...known, ...piece.objects]));
    least.cost += piece.cost;
  }
  return shards.map(({ cells }) => cells);
}

/** Chooses the cells of one shard. `earlier` results give the durations and must be the same for every shard. */
export function chooseShard({ index, total }: Shard, earlier: Results | null): Choose {
  return (kernels, objects) => {
    const [kernelIds, objectIds] = [kernels, objects].map((list) => list.map(({ id }) => id));
    const cells = cutPlan(kernelIds ?? [], objectIds ?? [], total, measuredDurations(earlier))[index - 1];
    return (kernel, object) => (cells?.get(kernel)?.has(object) === true ? 'run' : 'elsewhere');
  };
}
