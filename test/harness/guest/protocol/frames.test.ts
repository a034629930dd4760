// Tests of the table of the protocol, its bytes, and the headers that are generated from it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { framesHeader, messagesHeader } from '../../../../harness/guest/protocol/c-headers.ts';
import * as fields from '../../../../harness/guest/protocol/fields.ts';
import { CONTROL_FRAMES, type Fields, FRAMES } from '../../../../harness/guest/protocol/frames.ts';
import { goConstants, rustConstants } from '../../../../harness/guest/protocol/loader-constants.ts';
import { fuzzRuns } from '../../../fuzz/runs.ts';
import { valuesFor } from './every-value.ts';

const RUNS = fuzzRuns(100);
const AGENT = join(import.meta.dirname, '../../../../harness/guest/agent');
const LOADERS = join(import.meta.dirname, '../../../../harness/loaders');
const ALL = Object.entries<{ number: number; fields: Fields }>(FRAMES);

function readAll(spec: Fields, payload: Buffer): Record<string, unknown> {
  const reader = fields.readerOf(payload);
  return Object.fromEntries(Object.entries(spec).map(([name, field]) => [name, field.decode(reader)]));
}

test('every frame of the protocol has a different number, control frames included', () => {
  const numbers = [...ALL, ...Object.entries(CONTROL_FRAMES)].map(([, { number }]) => number);
  expect(numbers).toEqual([...new Set(numbers)]);
});

test('the headers of the agent are those that "npm run protocol" writes', async () => {
  expect(await readFile(join(AGENT, 'frames.h'), 'utf8')).toBe(framesHeader());
  expect(await readFile(join(AGENT, 'messages.h'), 'utf8')).toBe(messagesHeader());
});

test('the constants of the loader programs are those that "npm run protocol" writes', async () => {
  expect(await readFile(join(LOADERS, 'cilium/frames.go'), 'utf8')).toBe(goConstants());
  expect(await readFile(join(LOADERS, 'aya/src/frames.rs'), 'utf8')).toBe(rustConstants());
});

test('the constants of a loader program name the number, the meaning and the fields of a frame', () => {
  expect(goConstants()).toMatch(/^\tframeVerifierLog +uint32 = 81 \/\/ the log .* \{ program string, text bytes \}$/m);
  expect(rustConstants()).toMatch(/^\/\/\/ the log .* \{ program string, text bytes \}\npub const FRAME_VERIFIER_LOG: u32 = 81;$/m);
});

test.each(ALL)('the fields of frame %s are read as they were written', (_, { fields: spec }) => {
  fc.assert(
    fc.property(valuesFor(spec), (frame) => {
      const payload = Buffer.concat(Object.entries(spec).flatMap(([name, field]) => field.encode(frame[name])));
      expect(readAll(spec, payload)).toEqual(frame);
    }),
    { numRuns: RUNS },
  );
});

test.each(ALL)(
  'any bytes can be read as the fields of frame %s, without an error and without more data than bytes',
  (_, { fields: spec }) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const text = JSON.stringify(readAll(spec, Buffer.from(noise)));
        expect(text.length).toBeLessThan(500 + noise.length * 20);
      }),
      { numRuns: RUNS },
    );
  },
);

test('a number without a word is read as the default word of the field', () => {
  const unknown = fields.u32Bytes(77);
  expect([
    readAll(FRAMES.log.fields, unknown),
    readAll(FRAMES['attempt-end'].fields, unknown),
    readAll(FRAMES['left-out'].fields, unknown),
    readAll(FRAMES['command-end'].fields, unknown),
    readAll(FRAMES.attached.fields, unknown),
  ]).toMatchObject([{ level: 'debug' }, { reached: 'open' }, { lacks: 'attach-target' }, { end: 'not-started' }, { kind: 'map' }]);
});
