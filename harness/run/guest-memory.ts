// How much memory the guest of an object gets, and whether it was too little.
import { mapMemory } from '../bpf/object/map-memory.ts';
import { isOutOfMemory } from '../guest/health.ts';
import { DEFAULT_MACHINE, LARGEST_MEMORY_MIB } from '../guest/machine.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import type { CellResult, ObjectResult } from '../results/schema.ts';
import { uniformCell } from '../results/uniform-cell.ts';

const MIB = 2 ** 20;
const ENOMEM = 12;
/** What kernel, agent and libbpf need besides the maps, in MiB. */
const BESIDE_MAPS_MIB = 320;
/** Estimates of map sizes leave out what the allocator adds. */
const MARGIN = 1.15;
/** What the host keeps for itself, in MiB. */
const HOST_MIB = 512;
/** Maps that take less than this part of a guest are not too large for it: the kernel refused them for another reason. */
const NOTABLE_PART = 1 / 8;

/** Sizes of guests in MiB, the smallest first. Few sizes mean few snapshots. */
const SIZES_MIB: readonly number[] = [DEFAULT_MACHINE.memoryMiB, 1024, 2048, 4096, 8192, LARGEST_MEMORY_MIB];

/** An object with its maps. */
interface Sized {
  bpf: Pick<RunObject['bpf'], 'maps'>;
}

/** The largest guest for a host with so much free memory, in MiB. */
export function largestMemory(availableMiB: number): number {
  return SIZES_MIB.findLast((size) => size <= availableMiB - HOST_MIB) ?? DEFAULT_MACHINE.memoryMiB;
}

/** The memory of the first guest of an object, in MiB: what `memory:` says, else enough for its maps, but at most `largest`. */
export function firstMemory({ bpf, prepared }: Sized & { prepared: Pick<RunObject['prepared'], 'memory'> }, largest: number): number {
  if (prepared.memory !== undefined) return prepared.memory;
  const needed = (mapMemory(bpf.maps) / MIB) * MARGIN + BESIDE_MAPS_MIB;
  return Math.min(SIZES_MIB.find((size) => size >= needed) ?? LARGEST_MEMORY_MIB, largest);
}

/** The next larger guest; null after the largest. */
export function nextMemory(memoryMiB: number, largest: number): number | null {
  const next = SIZES_MIB.find((size) => size > memoryMiB);
  return next !== undefined && next <= largest ? next : null;
}

/**
 * Whether a cell says more about the memory of its guest than about its object: the kernel ran out of memory, or had none for maps that
 * are large or whose size the object does not tell.
 */
export function isShortOfMemory(cell: CellResult, { bpf }: Sized, memoryMiB: number): boolean {
  if (cell.status === 'infra') return cell.attempts.some(({ reason }) => reason !== null && isOutOfMemory(reason));
  const refused = cell.programs.some(({ stage, errno }) => stage === 'map-create' && errno === ENOMEM);
  const sized = bpf.maps.every(({ maxEntries }) => (maxEntries ?? 0) > 0);
  return refused && (!sized || mapMemory(bpf.maps) > memoryMiB * MIB * NOTABLE_PART);
}

/** The result of a cell for which the largest guest is too small: it shows nothing about the object. */
export function tooLarge(cell: CellResult, object: Pick<ObjectResult, 'id' | 'programs'>, memoryMiB: number): CellResult {
  const reason =
    `the object needs more memory than a guest of ${memoryMiB} MiB has, the largest that this machine has memory for; ` +
    'free some memory, make the maps smaller (maps: max_entries), or set memory:';
  const { attempts, durationMs, command, logs, logsCut } = cell;
  const failure = { class: 'infra-transport', reason } as const;
  return { ...uniformCell(cell.kernel, object, 'infra', failure), attempts, durationMs, command, logs, ...(logsCut && { logsCut }) };
}
