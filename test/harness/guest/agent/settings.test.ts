// Tests of settings of a request that the agent applies to an open object.
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { u32Bytes } from '../../../../harness/guest/protocol/fields.ts';
import { FRAMES, type RequestFrame } from '../../../../harness/guest/protocol/frames.ts';
import { type HostProgram, rawRequest, requestBytes, responseIn, startHostProgram } from './host-program.ts';
import { compileSettingsObject, SETTINGS } from './programs.ts';

let folder = '';
let program: HostProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settings-'));
  await rename(await compileSettingsObject(folder), join(folder, 'object.o'));
  program = await startHostProgram({ folder, ...SETTINGS });
});
afterAll(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Applied {
  error: string;
  loaded: string[];
  warnings: string[];
  chosen: string[];
}

/** The result of these settings in the agent: its error, the object to load, and its frames to the host. */
async function apply(frames: readonly RequestFrame[]): Promise<Applied> {
  const [error = '', ...loaded] = (await program.ask(requestBytes(frames))).split(' ');
  const response = await responseIn(folder);
  expect(response.damage).toBeNull();
  const warnings = response.frames.flatMap((frame) => (frame.type === 'log' ? [`${frame.level}: ${frame.text.trim()}`] : []));
  const chosen = response.frames.flatMap((frame) => (frame.type === 'chosen' ? [`${frame.kind} ${frame.name}`] : []));
  return { error, loaded, warnings, chosen };
}

const unchanged = [
  'bad_one:socket_filter:0',
  'good_one:socket_filter:0',
  'good_two:socket_filter:0',
  'counts:hash:8:4:8',
  'few:array:2:4:4',
  'object.data:array:1:4:8:0102030400000000',
];

test('a request without settings does not change the object', async () => {
  expect(await apply([])).toEqual({ error: '0', loaded: unchanged, warnings: [], chosen: [] });
});

test('settings are applied to programs, maps and variables', async () => {
  const { error, loaded, warnings } = await apply([
    { type: 'autoload', program: 'bad_one', wanted: 'no' },
    { type: 'program-setting', program: 'good_one', attribute: 'type', value: 6 },
    { type: 'program-setting', program: 'good_one', attribute: 'attach_type', value: 37 },
    { type: 'map-setting', map: 'counts', attribute: 'type', value: 9 },
    { type: 'map-setting', map: 'counts', attribute: 'max_entries', value: 100 },
    { type: 'map-setting', map: 'counts', attribute: 'key_size', value: 16 },
    { type: 'map-setting', map: 'counts', attribute: 'value_size', value: 24 },
    { type: 'map-setting', map: 'few', attribute: 'autocreate', value: 0 },
    { type: 'variable', section: '.data', offset: 2, bytes: Buffer.from([0xaa, 0xbb]) },
  ]);
  expect([error, loaded, warnings]).toEqual([
    '0',
    ['good_one:xdp:37', 'good_two:socket_filter:0', 'counts:lru_hash:100:16:24', 'object.data:array:1:4:8:0102aabb00000000'],
    [],
  ]);
});

test.each<[string, RequestFrame, string]>([
  ['a program', { type: 'autoload', program: 'none', wanted: 'no' }, "prog 'none': not in the object"],
  ['a program with a setting', { type: 'program-setting', program: '', attribute: 'type', value: 1 }, "prog '': not in the object"],
  ['a program with a target', { type: 'attach-to', program: 'none', target: 'x' }, "prog 'none': not in the object"],
  ['a map', { type: 'map-setting', map: 'none', attribute: 'type', value: 1 }, "map 'none': not in the object"],
  [
    'a map of maps',
    { type: 'inner-map', map: 'none', mapType: 0, keySize: 0, valueSize: 0, maxEntries: 0 },
    "map 'none': not in the object",
  ],
  ['a section', { type: 'variable', section: '.none', offset: 0, bytes: Buffer.alloc(1) }, '.none: no 1 bytes at 0 of it to be set'],
  ['a map without values', { type: 'variable', section: 'few', offset: 0, bytes: Buffer.alloc(1) }, 'few: no 1 bytes at 0 of it to be set'],
])('a setting of %s that is not in the object is an error with a warning, and changes nothing', async (_, frame, warning) => {
  expect(await apply([frame])).toEqual({ error: '-2', loaded: unchanged, warnings: [`warn: libbpf: settings: ${warning}`], chosen: [] });
});

test.each([6, 77, 0xffffffff])('the unknown map attribute %i is an error with a warning, and changes nothing', async (attribute) => {
  const payload = Buffer.concat([u32Bytes(attribute), u32Bytes(5), Buffer.from('counts\0')]);
  const [error, ...loaded] = (await program.ask(rawRequest(FRAMES['map-setting'].number, payload))).split(' ');
  expect([error, loaded]).toEqual(['-22', unchanged]);
  expect((await responseIn(folder)).frames).toEqual([
    { type: 'log', level: 'warn', text: "libbpf: settings: map 'counts': attribute 5: -22\n" },
  ]);
});

test.each([
  [0, 9],
  [8, 1],
  [9, 0],
  [4, 5],
  [0xffffffff, 1],
  [0xffffffff, 0],
])('a variable at offset %i with %i bytes is not written outside its section', async (offset, length) => {
  const { error, loaded } = await apply([{ type: 'variable', section: '.data', offset, bytes: Buffer.alloc(length, 7) }]);
  expect([error, loaded]).toEqual(['-2', unchanged]);
});

test('the first of the alternatives that loads is chosen', async () => {
  const { error, loaded, chosen } = await apply([{ type: 'alternatives', kind: 'programs', names: ['bad_one', 'good_one', 'good_two'] }]);
  expect([error, loaded.slice(0, 3), chosen]).toEqual(['0', ['again', '0', 'good_one:socket_filter:0'], ['programs good_one']]);
});

test('if no alternative loads, the first is requested and none is reported as chosen', async () => {
  const { loaded, chosen } = await apply([{ type: 'alternatives', kind: 'programs', names: ['bad_one'] }]);
  expect([loaded, chosen]).toEqual([unchanged, []]);
});

test.each<[string, string[]]>([
  ['none', []],
  ['one that the object lacks', ['none']],
  ['an empty name', ['']],
  ['a map among programs', ['counts']],
])('no alternative loads from a group with %s', async (_, names) => {
  const { error, chosen } = await apply([{ type: 'alternatives', kind: 'programs', names }]);
  expect([error, chosen]).toEqual([names.length === 0 ? '0' : '-2', []]);
});

test('groups of alternatives, and members of a group, beyond the limit are ignored', async () => {
  const many = Array.from({ length: 100 }, () => 'bad_one');
  const groups = Array.from({ length: 100 }, () => ({ type: 'alternatives', kind: 'programs', names: [...many, 'good_one'] }) as const);
  expect((await apply(groups)).chosen).toEqual([]);
});

test('the first error of settings is returned, and later settings are applied', async () => {
  const { error, loaded } = await apply([
    { type: 'map-setting', map: 'none', attribute: 'type', value: 1 },
    { type: 'map-setting', map: 'counts', attribute: 'max_entries', value: 9 },
  ]);
  expect([error, loaded[3]]).toEqual(['-2', 'counts:hash:9:4:8']);
});
