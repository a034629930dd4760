// Tests of the agent's writing to its mailbox: frames stay whole, even if text does not fit or a process dies.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzRuns } from '../../../fuzz/runs.ts';
import { type HostProgram, responseIn, startHostProgram } from './host-program.ts';

const MAILBOX = 64 << 10;
/** The response begins on the third page. */
const ROOM = MAILBOX - 0x2000;

let folder = '';
let program: HostProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'response-'));
  program = await startHostProgram({ folder, test: 'respond.c', agent: ['mailbox'], mailboxBytes: MAILBOX });
});
afterAll(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

async function respond(words: string) {
  await program.ask(Buffer.from(words));
  return responseIn(folder);
}

test('a response has the written frames, its length and its checksum', async () => {
  const { frames, damage, header } = await respond('print=3 bytes=1 end');
  expect({ frames, damage }).toEqual({
    frames: [
      { type: 'log', level: 'debug', text: 'xxx' },
      { type: 'log', level: 'debug', text: 'x' },
      { type: 'end', guestMs: 1 },
    ],
    damage: null,
  });
  expect(header).toMatchObject({ dropped: 0, complete: true, length: 16 + 16 + 16 });
});

test('repeated frames follow those before them, and are counted if they do not fit', async () => {
  const fits = await respond('print=3 many=1 again=16 end');
  const text = { type: 'log', level: 'debug', text: 'xxx' };
  expect(fits.frames.filter(({ type }) => type === 'log')).toEqual([text, text]);
  expect([fits.damage, fits.header.dropped]).toEqual([null, 0]);
  const full = await respond('print=30000 again=30012 end');
  expect(full.frames.map(({ type }) => type)).toEqual(['log', 'end']);
  expect([full.damage, full.header.dropped]).toEqual([null, 30_012]);
});

test('a response without its end frame is not complete', async () => {
  const { frames, header } = await respond('print=3');
  expect([frames.length, header.complete]).toEqual([1, false]);
});

test.each(['bytes', 'print'])('text that does not fit into a response is cut and counted, and the end still fits (%s)', async (word) => {
  const { frames, damage, header } = await respond(`${word}=40000 ${word}=40000 ${word}=5 end`);
  const kept = frames.flatMap((frame) => (frame.type === 'log' ? [frame.text.length] : []));
  expect(damage).toBeNull();
  expect(frames.at(-1)).toEqual({ type: 'end', guestMs: 1 });
  expect([kept.length, kept[0], header.dropped]).toEqual([2, 40000, 80005 - 40000 - (kept[1] ?? 0)]);
  expect(header.length).toBeGreaterThan(ROOM - 4200);
});

test('the end of a response fits after any number of lines that do not', async () => {
  const { frames, damage, header } = await respond('print=50000 lines=100000 many=50 end');
  expect(damage).toBeNull();
  expect(frames.at(-1)).toEqual({ type: 'end', guestMs: 1 });
  expect(frames.filter(({ type }) => type === 'runs')).toHaveLength(50);
  expect(header.dropped).toBeGreaterThan(90_000);
});

test('a response continues after a frame in which a process died', async () => {
  const { frames, damage } = await respond('print=2 crash resume end');
  expect({ frames, damage }).toEqual({
    frames: [
      { type: 'log', level: 'debug', text: 'xx' },
      { type: 'log', level: 'warn', text: 'half' },
      { type: 'crash', waitStatus: 139 },
      { type: 'end', guestMs: 1 },
    ],
    damage: null,
  });
});

test('a response with more frames than fit stays readable and within the mailbox', async () => {
  const { frames, damage, header } = await respond('many=10000 print=100 end');
  expect(damage).toBeNull();
  expect(header.length).toBeLessThanOrEqual(ROOM);
  expect(frames.slice(0, 2)).toEqual([0, 1].map((count) => ({ type: 'runs', count, program: 'program' })));
});

const number = fc.oneof(fc.nat(20), fc.nat(70_000));
const words = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom('bytes', 'print'), number).map(([word, count]) => `${word}=${count}`),
    fc.nat(3000).map((count) => `many=${count}`),
    fc.nat(9000).map((count) => `lines=${count}`),
    fc.constantFrom('crash resume', 'end'),
  ),
  { maxLength: 12 },
);

test('a response with frames in any order is readable', async () => {
  await fc.assert(
    fc.asyncProperty(words, async (each) => {
      const { damage, header } = await respond(`${each.join(' ')} end`);
      expect(damage).toBeNull();
      expect(header.length).toBeLessThanOrEqual(ROOM);
    }),
    { numRuns: fuzzRuns(100) },
  );
});
