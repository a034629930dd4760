// How much memory a guest gets, and when a cell is repeated in a larger one. No guest is started.
import { expect, it } from 'vitest';
import type { ObjectMap } from '../../../harness/bpf/object/maps.ts';
import type { Attempt, CellResult } from '../../../harness/results/schema.ts';
import { uniformCell } from '../../../harness/results/uniform-cell.ts';
import { firstMemory, isShortOfMemory, largestMemory, nextMemory, tooLarge } from '../../../harness/run/guest-memory.ts';

const MIB = 2 ** 20;

/** An array that takes so many bytes. */
const map = (bytes: number, changes: Partial<ObjectMap> = {}): ObjectMap => ({
  name: 'm',
  type: 'array',
  maxEntries: bytes / 8,
  keySize: 4,
  valueSize: 8,
  flags: null,
  hasValueType: false,
  hasInner: false,
  autocreate: true,
  ...changes,
});
const sized = (...maps: ObjectMap[]) => ({ bpf: { maps } });

it('the memory of a guest grows in steps up to what the machine has', () => {
  expect([largestMemory(400), largestMemory(3000), largestMemory(9000), largestMemory(1e6)]).toEqual([512, 2048, 8192, 16_384]);
  // The host keeps 512 MiB for itself.
  expect([largestMemory(1535), largestMemory(1536), largestMemory(1537)]).toEqual([512, 1024, 1024]);
  expect([
    nextMemory(300, 2048),
    nextMemory(512, 2048),
    nextMemory(1024, 2048),
    nextMemory(2048, 2048),
    nextMemory(16_384, 16_384),
  ]).toEqual([512, 1024, 2048, null, null]);
});

it('the first guest has the memory of the setting, or enough for the maps, but not more than the machine has', () => {
  const memory = (bytes: number, largest = 16_384, prepared: { memory?: number } = {}) =>
    firstMemory({ ...sized(map(bytes)), prepared }, largest);
  expect([
    memory(8),
    // 192 MiB for maps and what the allocator adds fit the smallest guest.
    memory(160 * MIB),
    memory(170 * MIB),
    memory(700 * MIB),
    memory(700 * MIB, 1024),
    memory(30_000 * MIB),
    memory(700 * MIB, 16_384, { memory: 300 }),
    memory(700 * MIB, 200, { memory: 300 }),
  ]).toEqual([512, 512, 1024, 2048, 1024, 16_384, 300, 300]);
});

const OBJECT = { id: 'o', programs: [{ name: 'p', section: 'xdp', type: 'xdp', insns: 2 }] };

/** A cell whose only program failed in this stage. */
function refused(stage: CellResult['programs'][number]['stage'], errno: number | null): CellResult {
  const cell = uniformCell('k', OBJECT, 'fail', { class: null, reason: 'r' });
  return { ...cell, programs: cell.programs.map((program) => ({ ...program, stage, errno })) };
}

/** A cell without a verdict, with these reasons of its attempts. */
function without(...reasons: (string | null)[]): CellResult {
  const attempts = reasons.map((reason): Attempt => ({
    isolation: 'snapshot',
    infra: reason === null ? null : 'infra-splat',
    reason,
    durationMs: 1,
  }));
  return { ...uniformCell('k', OBJECT, 'infra', { class: 'infra-splat', reason: 'r' }), attempts };
}

it('a cell without a verdict is repeated in a larger guest only if the kernel ran out of memory', () => {
  const short = (cell: CellResult) => isShortOfMemory(cell, sized(map(8)), 512);
  expect([
    short(without('out of memory: Out of memory: Killed process 1')),
    short(without(null, 'lockup: x', 'out of memory: y')),
    short(without('lockup: x', null)),
    short(without()),
  ]).toEqual([true, true, false, false]);
});

it('a cell is repeated in a larger guest if the kernel had no memory for maps that are large or of unknown size', () => {
  const short = (cell: CellResult, ...maps: ObjectMap[]) => isShortOfMemory(cell, sized(...maps), 512);
  const noMemory = refused('map-create', 12);
  expect({
    large: short(noMemory, map(65 * MIB)),
    notable: short(noMemory, map(64 * MIB)),
    small: short(noMemory, map(8)),
    none: short(noMemory),
    unknown: short(noMemory, map(8), map(8, { maxEntries: null })),
    unset: short(noMemory, map(8, { maxEntries: 0 }), map(8)),
    otherError: short(refused('map-create', 1), map(65 * MIB)),
    otherStage: short(refused('verify', 12), map(65 * MIB)),
    passed: short(refused(null, null), map(65 * MIB)),
    onlyOne: short({ ...noMemory, programs: [...noMemory.programs, ...refused(null, null).programs] }, map(65 * MIB)),
  }).toEqual({
    large: true,
    notable: false,
    small: false,
    none: false,
    unknown: true,
    unset: true,
    otherError: false,
    otherStage: false,
    passed: false,
    onlyOne: true,
  });
});

it('an object that is too large for every guest has no verdict, and keeps what was seen', () => {
  const seen: CellResult = {
    ...without('out of memory: x'),
    durationMs: 7,
    command: ['qemu'],
    logs: { libbpf: 'a', warnings: 'b', verifier: 'c', kernel: 'd', console: 'e' },
  };
  const { attempts, durationMs, command, logs } = seen;
  const reason =
    'the object needs more memory than a guest of 2048 MiB has, the largest that this machine has memory for; free some memory, make the maps smaller (maps: max_entries), or set memory:';
  const expected = { ...uniformCell('k', OBJECT, 'infra', { class: 'infra-transport', reason }), attempts, durationMs, command, logs };
  expect(tooLarge(seen, OBJECT, 2048)).toEqual(expected);
  const logsCut = { logs: 1, bytes: 2, limit: 'cell' as const };
  expect(tooLarge({ ...seen, logsCut }, OBJECT, 2048)).toEqual({ ...expected, logsCut });
});
