// Fuzzes the C code of the agent that reads requests, archives, modules, settings and lists of symbols, built for this machine with sanitizers.
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { RequestFrame } from '../../harness/guest/protocol/frames.ts';
import { packFiles } from '../../harness/plan/packing/archive.ts';
import { compileSettingsObject, REQUEST_PARTS, SETTINGS, SYMBOL_LISTS, UNPACK } from '../harness/guest/agent/programs.ts';
import { type HostProgram, requestBytes, startHostProgram } from '../harness/guest/agent/host-program.ts';
import { startMessagesProgram } from '../harness/guest/agent/messages-program.ts';
import { fuzz } from './fuzz.ts';

let root = '';
let requests: HostProgram;
let unpack: HostProgram;
let parts: HostProgram;
let settings: HostProgram;
let lists: HostProgram;
const stopped: HostProgram[] = [];

async function folderFor(name: string): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fuzz-agent-'));
  requests = await startMessagesProgram(await folderFor('requests'), []);
  await folderFor('unpack/root');
  unpack = await startHostProgram({ folder: await folderFor('unpack'), ...UNPACK });
  parts = await startHostProgram({ folder: await folderFor('parts'), ...REQUEST_PARTS });
  const folder = await folderFor('settings');
  await rename(await compileSettingsObject(folder), join(folder, 'object.o'));
  settings = await startHostProgram({ folder, ...SETTINGS });
  lists = await startHostProgram({ folder: await folderFor('lists'), ...SYMBOL_LISTS });
  stopped.push(requests, unpack, parts, settings, lists);
});
afterAll(async () => {
  for (const program of stopped) await program.stop();
  await rm(root, { recursive: true, force: true });
});

const file = (path: string, text: string) => ({ path, bytes: Buffer.from(text), executable: false });
const ARCHIVE = packFiles([
  file('loader/run', 'x'.repeat(600)),
  file('lib64/a.so', ''),
  file(`${'d'.repeat(90)}/${'e'.repeat(90)}/f`, 'deep'),
]);
const COMMAND = { timeoutMs: 1000, folder: '/loader', argv: ['/loader/run', 'object'], env: { PATH: '/loader', HOME: '' } };
const LOAD: readonly RequestFrame[] = [
  { type: 'autoload', program: 'bad_one', wanted: 'no' },
  { type: 'program-setting', program: 'good_one', attribute: 'attach_type', value: 37 },
  { type: 'map-setting', map: 'counts', attribute: 'max_entries', value: 100 },
  { type: 'map-setting', map: 'few', attribute: 'autocreate', value: 0 },
  { type: 'inner-map', map: 'few', mapType: 1, keySize: 4, valueSize: 8, maxEntries: 2 },
  { type: 'variable', section: '.data', offset: 2, bytes: Buffer.from([0xaa, 0xbb]) },
  { type: 'alternatives', kind: 'programs', names: ['bad_one', 'good_one', 'good_two'] },
  { type: 'alternatives', kind: 'maps', names: ['counts', 'few'] },
  { type: 'attach-to', program: 'good_two', target: 'lo' },
];
const RUN: readonly RequestFrame[] = [
  { type: 'module', name: 'veth', ko: Buffer.from('bad module') },
  { type: 'kconfig', text: 'CONFIG_HZ=100\n' },
  { type: 'pins' },
  { type: 'trigger', index: 0, name: 'exec' },
  { type: 'test-run', index: 1, program: 'good_one', repeat: 2, data: Buffer.alloc(14), context: Buffer.alloc(8) },
  { type: 'trigger-command', index: 2, ...COMMAND },
  { type: 'count-events', index: 3, map: 'events' },
  { type: 'look-up', index: 4, map: 'counts', key: Buffer.alloc(4) },
  { type: 'archive', tar: ARCHIVE },
  { type: 'command', ...COMMAND },
  { type: 'object', name: 'task_state', elf: Buffer.from('\u007fELF') },
];

fuzz({
  name: 'requests in the agent',
  corpus: [requestBytes(LOAD), requestBytes(RUN)],
  read: async (input) => requests.ask(Buffer.concat([Buffer.alloc(4), input])),
});

fuzz({
  name: 'modules and objects in the agent',
  corpus: [requestBytes(RUN), requestBytes([{ type: 'module', name: 'a', ko: Buffer.alloc(100, 1) }, ...RUN])],
  read: async (input) => parts.ask(input),
});

fuzz({
  name: 'archives in the agent',
  cost: 4,
  corpus: [ARCHIVE, packFiles([file('a', 'text')])],
  read: async (input) => {
    // An input of one byte empties the folder that archives are unpacked into.
    await unpack.ask(Buffer.alloc(1));
    await unpack.ask(input);
    const found = await readdir(join(root, 'unpack'));
    if (found.length !== 3) throw new Error(`an archive left ${found.join(', ')}`);
  },
});

fuzz({
  name: 'lists of symbols in the agent',
  corpus: [Buffer.from('f\0ffff t f.isra.0\nffff T f\t[m]\n\0f [m]\ng\n')],
  read: async (input) => lists.ask(input),
});

fuzz({
  name: 'settings in the agent',
  cost: 20,
  corpus: [requestBytes(LOAD), requestBytes([...LOAD, ...RUN])],
  read: async (input) => settings.ask(input),
});
