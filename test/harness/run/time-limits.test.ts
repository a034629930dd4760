import { expect, test } from 'vitest';
import { cellLimits } from '../../../harness/run/time-limits.ts';

const command = (timeoutMs: number) => ({ timeoutMs, folder: '/', argv: [], env: {} });
const tar = { tar: Buffer.alloc(0), sha256: '' };

test('the time that commands may take is on top of that of a load, unless it was said how long a cell may take', () => {
  const commands = new Map([1, 2].map((index) => [index, command(60_000)]));
  const trigger = { triggers: [], commands: { ...tar, commands } };
  expect(cellLimits({}, {}, 'kvm')).toEqual({ cellMs: 60_000, stallMs: 10_000 });
  expect(cellLimits({}, { trigger }, 'tcg')).toEqual({ cellMs: 420_000, stallMs: 30_000 });
  expect(cellLimits({}, { command: { ...tar, ...command(90_000) } }, 'kvm').cellMs).toBe(150_000);
  expect(cellLimits({ cellMs: 5000, stallMs: 2000 }, { trigger }, 'kvm')).toEqual({ cellMs: 5000, stallMs: 2000 });
});
