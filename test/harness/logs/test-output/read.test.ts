// Tests of the readers of test output. The files in real/ are what these programs printed: Go 1.26, Rust 1.95, Test::More of Perl 5.36,
// Catch2 2.13.10 and GoogleTest 1.12.1, from the sources beside them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJunit } from '../../../../harness/logs/test-output/junit.ts';
import { readTestOutput } from '../../../../harness/logs/test-output/read.ts';
import type { TestRow } from '../../../../harness/logs/test-output/rows.ts';

const real = (name: string) => readFileSync(join(import.meta.dirname, 'real', `${name}.txt`), 'utf8');
const shown = (rows: readonly TestRow[]) =>
  rows.map(({ name, status, reason }) => `${status} ${name}${reason === null ? '' : `: ${reason}`}`);

test('the verbose output of Go has a row for each test, and the line of the failed assertion', () => {
  expect(shown(readTestOutput(real('go-verbose'), ''))).toMatchInlineSnapshot(`
    [
      "pass TestGood",
      "fail TestBad: TestBad/sub: a_test.go:18: got 3, want 4",
      "fail TestBad/sub: a_test.go:18: got 3, want 4",
      "fail TestSeveralLines: a_test.go:22: Not equal: expected: 1 actual : 2",
      "skip TestSkipped: a_test.go:25: not here",
    ]
  `);
});

test('the output of Go without -v has a row for each failed test', () => {
  expect(shown(readTestOutput(real('go-plain'), ''))).toMatchInlineSnapshot(`
    [
      "fail TestBad: TestBad/sub: a_test.go:18: got 3, want 4",
      "fail TestBad/sub: a_test.go:18: got 3, want 4",
      "fail TestSeveralLines: a_test.go:22: Not equal: expected: 1 actual : 2",
    ]
  `);
});

test('JSON lines of go test give the same rows as its verbose output', () => {
  expect(shown(readTestOutput(real('go-json'), ''))).toEqual(shown(readTestOutput(real('go-verbose'), '')));
});

test('the text that go test -json reads from a test binary has the same rows', () => {
  const marked = real('go-verbose').replaceAll(/^(=== |--- )/gm, '\u0016$1');
  expect(shown(readTestOutput(marked, ''))).toEqual(shown(readTestOutput(real('go-verbose'), '')));
});

test('a Go test that panics fails with the message of the panic', () => {
  expect(shown(readTestOutput(real('go-panic'), real('go-panic-stderr')))).toMatchInlineSnapshot(`
    [
      "pass TestGood",
      "fail TestPanics: panic: assignment to entry in nil map [recovered, repanicked]",
    ]
  `);
});

test('a Go test that had not ended when the executable did is a failure', () => {
  expect(shown(readTestOutput('=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n', ''))).toEqual([
    'pass TestA',
    'fail TestB: the executable ended before this test did',
  ]);
  const panic = 'panic: test timed out after 1s\n\trunning tests:\n\t\tTestB (1s)\n';
  expect(shown(readTestOutput('=== RUN   TestB\n', panic))).toEqual(['fail TestB: panic: test timed out after 1s']);
});

test('libtest has a row for each test, and the panic or the error of a failed one', () => {
  expect(shown(readTestOutput(real('libtest'), ''))).toMatchInlineSnapshot(`
    [
      "pass tests::good",
      "skip tests::ignored: slow",
      "fail tests::bad: src/lib.rs:4:49: assertion \`left == right\` failed: sizes left: 3 right: 4",
      "fail tests::returns: Error: "no such map"",
      "pass tests::panics",
    ]
  `);
});

test('a panic of Rust before 1.73, with its message on the same line, is read', () => {
  const output = `running 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\nthread 'a' panicked at 'no such map', src/lib.rs:4:9\n`;
  expect(shown(readTestOutput(output, ''))).toEqual(['fail a: src/lib.rs:4:9: no such map']);
});

test('TAP has a row for each test of the plan, and comments of failed tests from either stream', () => {
  expect(shown(readTestOutput(real('tap'), real('tap-stderr')))).toMatchInlineSnapshot(`
    [
      "pass loads",
      "fail counts: got: '3', expected: '4'",
      "skip test 3: skip: no BTF",
      "fail test 4: it is in the plan, but did not run",
    ]
  `);
  const yaml = 'TAP version 14\n1..3\nok 1 - a\nnot ok 2 - b\n  ---\n  message: "no BTF"\n  severity: fail\n  ...\nBail out! no kernel\n';
  expect(shown(readTestOutput(yaml, ''))).toEqual(['pass a', 'fail b: no BTF', 'fail test 3: Bail out! no kernel']);
  expect(shown(readTestOutput('1..2\nnot ok 1 - a # TODO later\nnot ok 2\n# got 3\n# want 4\n', ''))).toEqual([
    'skip a: todo: later',
    'fail test 2: got 3, want 4',
  ]);
});

test('Catch2 has a row for each failed test, and with -s for each test', () => {
  expect(shown(readTestOutput(real('catch2'), ''))).toMatchInlineSnapshot(`
    [
      "fail counts / twice: catch2.cpp:5: CHECK( got == 4 ) with expansion: 3 == 4",
      "fail throws: catch2.cpp:6: due to unexpected exception with message: no such map",
    ]
  `);
  expect(shown(readTestOutput(real('catch2-all'), ''))).toMatchInlineSnapshot(`
    [
      "pass loads",
      "fail counts / twice: catch2.cpp:5: CHECK( got == 4 ) with expansion: 3 == 4",
      "pass counts / once",
      "fail throws: catch2.cpp:6: due to unexpected exception with message: no such map",
    ]
  `);
});

test('GoogleTest has a row for each test, and the first failure of each', () => {
  expect(shown(readTestOutput(real('googletest'), ''))).toMatchInlineSnapshot(`
    [
      "pass Load.Good",
      "fail Load.Bad: googletest.cpp:3: Expected equality of these values: 3 4 sizes",
      "skip Load.Skipped: googletest.cpp:4: no BTF",
      "pass All/P.Small/0",
      "fail All/P.Small/1: googletest.cpp:6: Expected: (GetParam()) < (2), actual: 2 vs 2",
    ]
  `);
});

test('JUnit XML has a row for each case, in suites within suites, too', () => {
  const xml = `<?xml version="1.0"?>
<testsuites><testsuite name="s"><testsuite name="inner">
  <testcase classname="load" name="good"/>
  <testcase classname="load" name="bad"><failure message="got 3 &lt; 4" type="AssertionError">a trace
of lines</failure></testcase>
  <testcase name="error"><error><![CDATA[no such map
at x]]></error></testcase>
  <testcase classname="load" name="left"><skipped message="no BTF"/></testcase>
  <testcase classname="load" name="good"/>
</testsuite></testsuite></testsuites>`;
  const read = readJunit(xml);
  expect(read.ok && shown(read.tests)).toEqual([
    'pass load.good',
    'fail load.bad: got 3 < 4',
    'fail error: no such map',
    'skip load.left: no BTF',
    'pass load.good (2)',
  ]);
});

test('text that is no JUnit XML is refused with a reason', () => {
  expect(readJunit('<html></html>')).toEqual({ ok: false, reason: 'it has neither <testsuites> nor <testsuite>' });
  expect(readJunit('')).toMatchObject({ ok: false });
  expect(readJunit('<testsuites><testcase')).toMatchObject({ ok: false });
});

test('entities of a document type in JUnit XML do not multiply', () => {
  const declared = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, at, all) => `<!ENTITY ${name} "${`&${all[at - 1] ?? 'x'};`.repeat(50)}">`);
  const xml = `<!DOCTYPE t [<!ENTITY x "xxxxxxxxxx">${declared.join('')}]><testsuite><testcase name="&f;"/></testsuite>`;
  const read = readJunit(xml);
  expect(JSON.stringify(read).length).toBeLessThan(1000);
});

test('output in no known format has no rows', () => {
  expect(readTestOutput('hello\nok then\nFAIL\n', '')).toEqual([]);
});

test('rows have escape sequences removed, and reasons are one short line', () => {
  const output = `=== RUN   TestA\n    a_test.go:3: \u001b[31mred\u001b[0m ${'x'.repeat(9000)}\n--- FAIL: TestA (0.00s)\n`;
  const [row] = readTestOutput(output, '');
  expect(row?.reason).toMatch(/^a_test\.go:3: red x{300,}\.\.\.$/);
});
