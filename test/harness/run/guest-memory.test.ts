// Tests of guests whose memory fits the maps of an object.
import { describe, expect, it } from 'vitest';
import { mapMemory } from '../../../harness/bpf/object/map-memory.ts';
import type { ObjectMap } from '../../../harness/bpf/object/maps.ts';
import type { RunRequest } from '../../../harness/run/run-request.ts';
import { configuredInputs } from './configured.ts';
import { realRun } from './real-run.ts';

const MIB = 2 ** 20;
/** An array of 8 bytes an entry that takes 700 MiB. */
const LARGE = (700 * MIB) / 8;

/** Loads the sample with maps that its loader sizes, one of them with so many entries. */
async function load(entries: number, settings = '', changes: Partial<RunRequest> = {}) {
  const { objects, problems } = await configuredInputs(
    'sized_maps',
    `    maps:
      stacks: { value_size: 1016 }
      per_processor: { max_entries: ${entries} }
      by_group: { inner: { type: array, key_size: 4, value_size: 8, max_entries: 16 } }
      two_groups: { inner: { max_entries: 16 } }
${settings}`,
  );
  expect(problems).toEqual([]);
  const notes: string[] = [];
  const { cells } = await realRun([], ['debian:6.1'], {
    objects,
    ...changes,
    onEvent: (event) => {
      if (event.kind === 'note') notes.push(event.text);
    },
  });
  const [cell] = cells;
  const { status, class: failure = null, reason = null } = cell ?? {};
  const command = cell?.command ?? [];
  return { status, failure, reason, memory: command[command.indexOf('-m') + 1], notes };
}

describe('the memory of a guest', () => {
  it('the memory of a guest is the default for small maps', async () => {
    expect(await load(1)).toEqual({ status: 'pass', failure: null, reason: null, memory: '512M', notes: [] });
  });

  it('the memory of a guest follows from the maps of the object', async () => {
    expect(await load(LARGE)).toEqual({ status: 'pass', failure: null, reason: null, memory: '2048M', notes: [] });
  });

  it('the memory of a guest is that of the setting', async () => {
    expect(await load(1, '    memory: 300\n')).toEqual({ status: 'pass', failure: null, reason: null, memory: '300M', notes: [] });
  });

  it('a guest that is too small for the maps of an object is replaced by larger ones, also in fresh boots', async () => {
    const notes = ['1024', '2048'].map((size) =>
      expect.stringMatching(`^sized_maps on \\S+: its guest is too small, and gets ${size} MiB$`),
    );
    const larger = { status: 'pass', failure: null, reason: null, memory: expect.stringMatching(/^(?:1024|2048)M$/) };
    expect(await load(LARGE, '    memory: 512\n')).toEqual({ ...larger, notes: expect.arrayContaining(notes.slice(0, 1)) });
    expect(await load(LARGE, '    memory: 512\n', { isolation: 'boot' })).toEqual({
      ...larger,
      notes: expect.arrayContaining(notes.slice(0, 1)),
    });
  });

  it('maps that do not fit the largest guest are no failure of the object', async () => {
    expect(await load(LARGE, '', { largestMiB: 512 })).toEqual({
      status: 'infra',
      failure: 'infra-transport',
      reason:
        'the object needs more memory than a guest of 512 MiB has, the largest that this machine has memory for; free some memory, make the maps smaller (maps: max_entries), or set memory:',
      memory: '512M',
      notes: [],
    });
  });
});

it('the memory of maps counts entries that the kernel allocates when it creates them', () => {
  const map = (changes: Partial<ObjectMap>): ObjectMap => ({
    name: 'm',
    type: 'hash',
    maxEntries: 1000,
    keySize: 4,
    valueSize: 12,
    flags: null,
    hasValueType: false,
    hasInner: false,
    autocreate: true,
    ...changes,
  });
  const bytes = [
    map({ type: 'array' }),
    map({ type: 'ringbuf', maxEntries: 1 << 20 }),
    map({}),
    map({ flags: 1 }),
    map({ type: 'lpm_trie' }),
    map({ autocreate: false }),
    map({ maxEntries: null }),
  ].map((one) => mapMemory([one]));
  expect(bytes).toEqual([16_000, 1 << 20, 1000 * (64 + 8 + 16) + 1024 * 16, 1024 * 16, 0, 0, 16]);
});
