import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { addLog, createLogStore, logText } from '../../../harness/results/logs.ts';

it('the log store keeps every line once and every text once', () => {
  const logs = createLogStore();
  const ids = ['one\ntwo\n', 'two\nthree', 'one\ntwo', ''].map((text) => addLog(logs, text));
  expect({ ids, logs }).toEqual({
    ids: ['t0', 't1', 't0', null],
    logs: { lines: ['one', 'two', 'three'], texts: { t0: [0, 1], t1: [1, 2] } },
  });
});

it('the log store returns each text without its last newline', () => {
  const line = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      const logs = createLogStore();
      const text = lines.join('\n');
      expect(logText(logs, addLog(logs, text))).toBe(text.replace(/\n$/, ''));
    }),
  );
});

it('the log store has no text for an unknown id of any name', () => {
  const logs = createLogStore();
  expect([logText(logs, null), logText(logs, 't7'), logText(logs, '__proto__'), logText(logs, 'constructor')]).toEqual(['', '', '', '']);
});
