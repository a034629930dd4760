// Tests that the agent, with its generated header, and the host read and write the same frames.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { u32Bytes } from '../../../../harness/guest/protocol/fields.ts';
import { fuzzRuns } from '../../../fuzz/runs.ts';
import { valuesFor } from '../protocol/every-value.ts';
import { type HostProgram, requestBytes, responseIn } from './host-program.ts';
import { type Sent, shownText, startMessagesProgram, TO_GUEST, TO_HOST } from './messages-program.ts';

const RUNS = fuzzRuns(30);
const SENT = TO_HOST.flatMap(([type, { fields }]) =>
  fc.sample(valuesFor(fields), { numRuns: 3, seed: 1 }).map((values): Sent => [type, values]),
);

let folder = '';
let program: HostProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'messages-'));
  program = await startMessagesProgram(folder, SENT);
});
afterAll(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

test.each(TO_GUEST)('the agent reads frame %s as the host writes it', async (_, { number, fields }) => {
  await fc.assert(
    fc.asyncProperty(valuesFor(fields), async (values) => {
      const payload = Object.entries(fields).flatMap(([name, field]) => field.encode(values[name]));
      expect(await program.ask(Buffer.concat([u32Bytes(number), ...payload]))).toBe(shownText(fields, values));
    }),
    { numRuns: RUNS },
  );
});

test('the host reads every frame as the agent writes it', async () => {
  await program.ask(Buffer.alloc(0));
  const { frames, damage } = await responseIn(folder);
  expect({ frames, damage }).toEqual({ frames: SENT.map(([type, values]) => ({ type, ...values })), damage: null });
});

const variable = TO_GUEST.find(([type]) => type === 'variable')?.[1].number ?? 0;
const command = TO_GUEST.find(([type]) => type === 'command')?.[1].number ?? 0;
const object = TO_GUEST.find(([type]) => type === 'object')?.[1].number ?? 0;

test.each([
  ['no bytes', variable, [], ' 0 x x'],
  ['half a number', variable, [1, 2], ' 0 x x'],
  ['text without its end', variable, [1, 0, 0, 0, 0x61, 0x62], ' 1 x x'],
  ['text that ends with the frame', variable, [1, 0, 0, 0, 0x61, 0], ' 1 x61 x'],
  ['a name longer than the frame', object, [0xff, 0xff, 0xff, 0xff, 0x61], ' - x'],
  ['a name without its length', object, [1, 0], ' - x'],
  ['no name', object, [0, 0, 0, 0], ' x x'],
  ['more words than bytes', command, [0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x61, 0], ' 0 x 0 - 0 -'],
  ['a word without its end', command, [0, 0, 0, 0, 0, 1, 0, 0, 0, 0x61], ' 0 x 0 - 0 -'],
  ['words that leave none for variables', command, [0, 0, 0, 0, 0, 1, 0, 0, 0, 0x61, 0], ' 0 x 1 x6100 0 -'],
])('the payload of a frame with %s is read up to its end', async (_, number, payload, answer) => {
  expect(await program.ask(Buffer.concat([u32Bytes(number), Buffer.from(payload)]))).toBe(answer);
});

const pins = [36, 0, 0, 0, 0, 0, 0, 0];
const header = (magic: string, length: number) => Buffer.concat([Buffer.from(magic), u32Bytes(length), u32Bytes(0x2000), u32Bytes(0)]);
test.each([
  ['no frames', header('XMB1', 0), ''],
  ['another magic', Buffer.concat([header('XMB2', 8), Buffer.from(pins)]), ''],
  ['a length beyond the mailbox', Buffer.concat([header('XMB1', 0xffffffff), Buffer.from(pins)]), ''],
  ['half a frame header', Buffer.concat([header('XMB1', 12), Buffer.from(pins)]), ' 36'],
  ['a frame longer than the request', Buffer.concat([header('XMB1', 16), Buffer.from(pins), u32Bytes(36), u32Bytes(0xfffffffd)]), ' 36'],
  ['a frame that is not padded at the end', Buffer.concat([header('XMB1', 9), u32Bytes(39), u32Bytes(1), Buffer.from('a')]), ' 39 x61'],
])('a request with %s is read up to the fault', async (_, request, answer) => {
  expect(await program.ask(Buffer.concat([u32Bytes(0), request]))).toBe(answer);
});

test('the frames of a request are read in their order', async () => {
  const request = requestBytes([
    { type: 'trigger', index: 7, name: 'ä' },
    { type: 'pins' },
    { type: 'alternatives', kind: 'maps', names: ['a', 'b'] },
  ]);
  expect(await program.ask(Buffer.concat([u32Bytes(0), request]))).toBe(' 51 7 xc3a4 36 40 1 x61006200');
});
