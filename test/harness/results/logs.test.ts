import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { addLog, createLogStore, logText } from '../../../harness/results/logs.ts';

it('the log store keeps every line once and every text once', () => {
  const store = createLogStore();
  const ids = ['one\ntwo\n', 'two\nthree', 'one\ntwo', ''].map((text) => addLog(store, text));
  expect({ ids, store }).toEqual({
    ids: ['t0', 't1', 't0', null],
    store: { lines: ['one', 'two', 'three'], texts: { t0: [0, 1], t1: [1, 2] } },
  });
});

it('the log store returns each text without its last newline', () => {
  const line = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      const store = createLogStore();
      const text = lines.join('\n');
      expect(logText(store, addLog(store, text))).toBe(text.replace(/\n$/, ''));
    }),
  );
});

it('the log store has no text for an unknown id of any name', () => {
  const store = createLogStore();
  expect([logText(store, null), logText(store, 't7'), logText(store, '__proto__'), logText(store, 'constructor')]).toEqual([
    '',
    '',
    '',
    '',
  ]);
});
