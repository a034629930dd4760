import { expect, test } from 'vitest';
import { bootLimit, cellLimits, type TimedObject } from '../../../harness/run/time-limits.ts';

const command = (timeoutMs: number) => ({ timeoutMs, folder: '/', argv: [], env: {} });
const few = (settings: TimedObject['settings']): TimedObject => ({ programs: 3, settings });
const tar = { tar: Buffer.alloc(0), sha256: '' };

test('the time limits of commands are added to that of the load, unless the limit of a cell was requested', () => {
  const commands = new Map([1, 2].map((index) => [index, command(60_000)]));
  const trigger = { triggers: [], commands: { ...tar, commands } };
  expect(cellLimits({}, few({}), 'kvm')).toEqual({ cellMs: 60_000, stallMs: 10_000 });
  expect(cellLimits({}, few({ trigger }), 'tcg')).toEqual({ cellMs: 420_000, stallMs: 30_000 });
  expect(cellLimits({}, few({ command: { ...tar, ...command(90_000) } }), 'kvm').cellMs).toBe(150_000);
  expect(cellLimits({ cellMs: 5000, stallMs: 2000 }, few({ trigger }), 'kvm')).toEqual({ cellMs: 5000, stallMs: 2000 });
});

test('an object gets a minute more for each 1,000 programs without KVM, unless a limit was requested', () => {
  const limitOf = (programs: number) => cellLimits({}, { programs, settings: {} }, 'tcg').cellMs;
  expect([999, 1000, 10_000].map(limitOf)).toEqual([300_000, 360_000, 900_000]);
  expect(cellLimits({ cellMs: 5000 }, { programs: 10_000, settings: {} }, 'tcg').cellMs).toBe(5000);
});

test('no time limit is longer than a timer of Node.js can wait, because a longer timer ends at once', async () => {
  const commands = new Map(Array.from({ length: 1000 }, (_, index) => [index, command(3_600_000)]));
  const { cellMs } = cellLimits({}, few({ trigger: { triggers: [], commands: { ...tar, commands } } }), 'tcg');
  expect([cellMs, bootLimit({ bootMs: 1e300 }, 'kvm'), cellLimits({ cellMs: 1e300 }, few({}), 'kvm').cellMs]).toEqual(
    Array(3).fill(2 ** 31 - 1),
  );
  const timer = setTimeout(() => expect.unreachable('the timer ended at once'), cellMs);
  await new Promise((done) => setTimeout(done, 50));
  clearTimeout(timer);
});
