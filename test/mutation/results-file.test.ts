// Tests of the file in which the first run of the tests notes its findings.
import { expect, test } from 'vitest';
import { formatLine, readFirstRun } from './results-file.ts';

test('the findings of the first run are read as they were written', () => {
  const text = [{ mutant: '7', test: 'a.test.ts#one' }, { mutant: '12', test: 'a.test.ts#two' }, { tests: 3 }].map(formatLine).join('');
  expect([readFirstRun(text), readFirstRun('')]).toEqual([
    {
      noticed: new Map([
        ['7', 'a.test.ts#one'],
        ['12', 'a.test.ts#two'],
      ]),
      tests: 3,
    },
    { noticed: new Map(), tests: 0 },
  ]);
});

test('a damaged line of the findings is an error', () => {
  expect(() => readFirstRun('{"mutant":7}\n')).toThrow(/expected string/);
  expect(() => readFirstRun('{"mutant":"7"')).toThrow(/JSON/);
});
