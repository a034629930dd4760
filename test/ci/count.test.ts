// Tests of the last line of CI, as a process: the counts from vitest's JSON report, and the exit code.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'count-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The part of the report that is read, for test files with a status and the statuses of their tests. */
function report(files: readonly (readonly [string, ...string[]])[]): string {
  const count = (status: string) => files.flatMap(([, ...tests]) => tests).filter((one) => one === status).length;
  return JSON.stringify({
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    testResults: files.map(([status, ...tests]) => ({ status, assertionResults: tests.map((one) => ({ status: one })) })),
  });
}

test.each([
  ['tests that pass', report([['passed', 'passed', 'passed', 'skipped']]), '2 passed, 0 failed', 0],
  ['a test that fails', report([['failed', 'passed', 'failed']]), '1 passed, 1 failed', 1],
  ['a file that cannot be loaded', report([['passed', 'passed'], ['failed']]), '1 passed, 1 failed', 1],
  ['a file whose hook fails after its tests passed', report([['failed', 'passed', 'passed']]), '2 passed, 1 failed', 1],
  ['no test at all', report([]), '0 passed, 0 failed', 1],
])('the last line of CI counts %s', async (_, text, line, code) => {
  const file = join(folder, 'vitest.json');
  await writeFile(file, text);
  const { stdout, exitCode } = await execa('node', [join(PACKAGE_ROOT, '.ci/count.mjs'), file], { reject: false });
  expect([stdout, exitCode]).toEqual([line, code]);
});

test('a missing report is named and fails CI', async () => {
  const { stdout, stderr, exitCode } = await execa('node', [join(PACKAGE_ROOT, '.ci/count.mjs'), 'nowhere.json'], { reject: false });
  expect([stdout, stderr, exitCode]).toEqual([
    '0 passed, 0 failed',
    "nowhere.json: ENOENT: no such file or directory, open 'nowhere.json'",
    1,
  ]);
});
