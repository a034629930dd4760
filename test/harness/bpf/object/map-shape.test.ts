// Tests of attributes of maps that every kernel refuses, compared with real kernels that create the maps.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { impossibleAttribute, impossibleInnerAttribute } from '../../../../harness/bpf/object/map-shape.ts';
import { MAP_TYPES, type ObjectMap } from '../../../../harness/bpf/object/maps.ts';
import { parsePlacedConfig } from '../../../../harness/plan/config/load.ts';
import { readInputs } from '../../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../../harness/plan/inputs/object-sources.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { SETTINGS } from '../../../../harness/plan/object-settings/setting-table.ts';
import { mapsSchema } from '../../../../harness/plan/settings/maps/schema.ts';
import { logText } from '../../../../harness/results/logs.ts';
import { realRun, sample } from '../../run/real-run.ts';

/** Types that need more than sizes: BTF, another map, or a cgroup. */
const NEED_MORE = /^(?:unspec|struct_ops|insn_array|.*_of_maps|.*_storage)$/;
/** Flags that every kernel requires for a type. */
const FLAGS: Readonly<Partial<Record<string, number>>> = { lpm_trie: 1, arena: 1 << 10 };

const SIZES = [0, 4, 8, 12, 264];
const SHAPES = MAP_TYPES.filter((type) => !NEED_MORE.test(type)).flatMap((type) =>
  [...new Set([0, FLAGS[type] ?? 0])].flatMap((flags) =>
    SIZES.flatMap((keySize) =>
      SIZES.flatMap((valueSize) => [0, 4096].map((maxEntries) => ({ type, keySize, valueSize, maxEntries, flags }))),
    ),
  ),
);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'map-shape-'));
  await execa('gcc', ['-O1', '-static', join(import.meta.dirname, 'create-maps.c'), '-o', join(folder, 'create-maps')]);
  const lines = SHAPES.map(({ type, keySize, valueSize, maxEntries, flags }) =>
    [MAP_TYPES.indexOf(type), keySize, valueSize, maxEntries, flags].join(' '),
  );
  await writeFile(join(folder, 'shapes.txt'), `${lines.join('\n')}\n`);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const asMap = (shape: (typeof SHAPES)[number]): ObjectMap => ({
  name: 'm',
  hasValueType: false,
  hasInner: false,
  autocreate: true,
  ...shape,
});

test('no kernel creates a map with an impossible attribute, and some kernel creates every other map', async () => {
  const entry = { path: sample('exec_watch'), name: 'maps', command: { argv: ['./create-maps'], files: ['shapes.txt'] } };
  const { objects, problems } = await readInputs(objectSources(parsePlacedConfig(JSON.stringify({ objects: [entry] }), 'c.yaml'), folder));
  expect(problems).toEqual([]);
  const { cells, logs } = await realRun([], ['debian:5.10', 'debian:6.12', 'debian:7.3'], { objects });
  const errors = cells.map(({ logs: own }) => (logText(logs, own.stdout ?? null) ?? '').trim().split('\n').map(Number));
  expect(errors.map(({ length }) => length)).toEqual([SHAPES.length, SHAPES.length, SHAPES.length]);
  const created = (index: number) => errors.some((each) => each[index] === 0);
  // libbpf sets the number of entries of this type to that of processors.
  const isCompleted = ({ type, maxEntries }: (typeof SHAPES)[number]) => type === 'perf_event_array' && maxEntries === 0;
  const wrong = SHAPES.filter((shape, index) => !isCompleted(shape) && created(index) === (impossibleAttribute(asMap(shape)) !== null));
  expect(wrong).toEqual([]);
}, 300_000);

test('an impossible attribute of a map is named with its value and the possible values', () => {
  const named = (type: string, keySize: number | null, valueSize: number | null, maxEntries: number | null) =>
    impossibleAttribute({
      type,
      keySize,
      valueSize,
      maxEntries,
      flags: null,
      hasInner: false,
    });
  expect([
    named('stack_trace', 4, null, null),
    named('ringbuf', null, 16, 4096),
    named('array', 8, 8, 1),
    named('hash', 4, 8, null),
    named('hash', 4, 8, 16),
    named('lpm_trie', 8, 8, 16),
    named('task_storage', 4, 8, 16),
    named('sk_storage', 4, 8, null),
    named('type 99', null, null, null),
    impossibleAttribute({
      type: 'prog_array',
      keySize: 4,
      valueSize: null,
      maxEntries: 2,
      flags: null,
      hasInner: true,
    }),
  ]).toEqual([
    'value_size is 0 and must be a multiple of 8 that is not 0',
    'value_size is 16 and must be 0',
    'key_size is 8 and must be 4',
    'max_entries is 0 and must not be 0',
    null,
    'map_flags is 0 and must contain BPF_F_NO_PREALLOC',
    'max_entries is 16 and must be 0',
    'map_flags is 0 and must contain BPF_F_NO_PREALLOC',
    null,
    null,
  ]);
});

test('an impossible attribute of the maps in a map is named; it is that of the definition or of the loader', async () => {
  const bpf = readBpfObject(await readFile(sample('sized_maps')), 'sized_maps');
  const of = (object: BpfObject) =>
    object.maps.flatMap((map) => (map.hasInner ? [[map.name, map.inner?.type, impossibleInnerAttribute(map)]] : []));
  expect(of(bpf)).toEqual([['two_groups', 'hash', 'max_entries is 0 and must not be 0']]);
  const inner = { type: 'stack_trace', key_size: 4, value_size: 8, max_entries: 1 };
  const settings = mapsSchema.parse({ two_groups: { inner: { max_entries: 16 } }, by_group: { inner } });
  expect(of(SETTINGS.maps.apply?.(bpf, settings) ?? bpf)).toEqual([
    ['by_group', 'stack_trace', null],
    ['two_groups', 'hash', null],
  ]);
});
