// Tests of verdicts on executables: exit status, signals, tests in the output, and a file with their results.
import { expect, test } from 'vitest';
import { judgeExecutable } from '../../../harness/verdict/executable.ts';
import type { CommandEvidence } from '../../../harness/verdict/evidence/evidence.ts';

const ended = (value: number, stdout = '', stderr = ''): CommandEvidence => ({ end: 'exited', value, stdout, stderr });
const shown = ({ status, class: failure, reason }: ReturnType<typeof judgeExecutable>) => [status, failure, reason];

test('an executable passes with exit status 0, and fails with another one or a signal', () => {
  expect(shown(judgeExecutable(ended(0, 'fine'), null))).toEqual(['pass', null, null]);
  expect(shown(judgeExecutable(ended(3, 'out\n', 'first\nlast\n'), null))).toEqual([
    'fail',
    'executable-failed',
    'the executable exits with status 3: last',
  ]);
  expect(shown(judgeExecutable({ ...ended(11), end: 'killed' }, null))).toEqual([
    'fail',
    'executable-failed',
    'the executable is killed by signal 11',
  ]);
});

test('the innermost failed test is the reason, with the number of the others', () => {
  const output = '=== RUN   TestA\n=== RUN   TestA/x\n    a_test.go:3: no map\n--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/x (0.00s)\n';
  expect(shown(judgeExecutable(ended(1, output), null))).toEqual(['fail', 'test-failed', 'TestA/x (and 1 more): a_test.go:3: no map']);
});

test('a failed test fails the executable even if its exit status is 0, and an exit status without a failed test does, too', () => {
  expect(shown(judgeExecutable(ended(0, '1..1\nnot ok 1 - a\n'), null))).toEqual(['fail', 'test-failed', 'a: it printed no reason']);
  expect(shown(judgeExecutable(ended(1, '1..1\nok 1 - a\n'), null))).toEqual([
    'fail',
    'executable-failed',
    'the executable exits with status 1: ok 1 - a',
  ]);
});

test('a file with test results replaces the output, and a missing or damaged one fails the executable', () => {
  const file = (text: string) => ({ path: '/out.xml', text });
  const failed = '<testsuite><testcase name="a"><failure message="no map"/></testcase></testsuite>';
  expect(shown(judgeExecutable(ended(0), file(failed)))).toEqual(['fail', 'test-failed', 'a: no map']);
  expect(shown(judgeExecutable(ended(0, '1..1\nnot ok 1\n'), file('<testsuite/>')))).toEqual(['pass', null, null]);
  expect(shown(judgeExecutable(ended(0), file('<html/>')))).toEqual([
    'fail',
    'executable-failed',
    '/out.xml is not JUnit XML: it has neither <testsuites> nor <testsuite>',
  ]);
  expect(shown(judgeExecutable(ended(0), { path: '/out.xml', problem: 'it cannot be read: ENOENT' }))).toEqual([
    'fail',
    'executable-failed',
    '/out.xml: it cannot be read: ENOENT',
  ]);
});
