// Tests of the fuzzer itself: it finds each kind of problem, and the same seed finds it again.
import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { problemOf, type Target } from './fuzz.ts';
import { mutate, randomFrom } from './mutate.ts';

const corpus = [Buffer.from('length 12, name abc')] as const;
const held: Buffer[] = [];

const problem = async (read: Target['read']) => (await problemOf({ name: 'a parser', corpus, read }, 7))?.problem ?? null;

/** Uses this much processor time, which on a busy machine takes longer by the clock. */
function spin(milliseconds: number): void {
  const before = process.cpuUsage();
  const used = () => process.cpuUsage(before).user + process.cpuUsage(before).system;
  while (used() < milliseconds * 1000);
}

test('the fuzzer finds no problem in a parser that returns or refuses its input with an error message', async () => {
  const refuse = () => {
    throw new UserError('input:1:2: not a number');
  };
  expect([await problem((input) => input.length), await problem(refuse)]).toEqual([null, null]);
});

test('the fuzzer reports an exception that is not an error message of one line', async () => {
  const index = (input: Buffer) => input.readUInt32LE(input.length);
  expect(await problem(index)).toMatch(/^it threw RangeError/);
  const detail = () => {
    throw new UserError('input: what gcc said', { detail: 'line\nline' });
  };
  expect(await problem(detail)).toBe('its message is not one line of plain text: "input: what gcc said\\nline\\nline"');
});

test('the fuzzer reports an unchecked length that allocates too much memory', async () => {
  expect(await problem(() => held.push(Buffer.alloc(512 << 20)))).toMatch(/^it took 51\d MiB of memory$/);
  held.length = 0;
});

test('the fuzzer reports a parser that is too slow each time, but not one that is slow once', async () => {
  expect(await problem(() => spin(300))).toMatch(/^it took \d+ ms of processor time for \d+ bytes$/);
  let first = true;
  const onlyOnce = () => {
    if (first) spin(300);
    first = false;
  };
  expect(await problem(onlyOnce)).toBeNull();
});

test('the fuzzer makes the same input again from the same seed, and other inputs from other seeds', () => {
  const inputs = (seed: number) => mutate(randomFrom(seed), corpus).toString('latin1');
  expect(inputs(7)).toBe(inputs(7));
  expect(new Set(Array.from({ length: 1000 }, (_, seed) => inputs(seed))).size).toBeGreaterThan(800);
});
