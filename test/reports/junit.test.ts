// Tests of junit.xml: it is valid XML with any text of kernels and objects, and its counts are right.
import { execa } from 'execa';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import type { Results } from '../../harness/results/schema.ts';
import { renderJunit } from '../../reports/junit.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

interface Suite {
  readonly [attribute: `@${string}`]: string;
  readonly testcase: readonly Readonly<Record<string, unknown>>[];
}

function suitesOf(text: string): Suite[] {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', isArray: (name) => /^test(case|suite)$/.test(name) });
  const parsed: { testsuites: Omit<Suite, 'testcase'> & { testsuite: Suite[] } } = parser.parse(text);
  const { testsuite, ...all } = parsed.testsuites;
  return [{ ...all, testcase: testsuite.flatMap((suite) => suite.testcase) }, ...testsuite];
}

function named(name: string): Results {
  return {
    ...SAMPLE,
    cells: SAMPLE.cells.map((cell) => ({ ...cell, programs: cell.programs.map((program) => ({ ...program, name })) })),
  };
}

describe('junit.xml', () => {
  it('junit.xml has a suite for each kernel and a test case for each program', async () => {
    await expect(renderJunit(SAMPLE)).toMatchFileSnapshot('snapshots/junit.xml');
  });

  it.each([
    ['the sample', SAMPLE],
    ['hostile text', HOSTILE_SAMPLE],
    ['programs called true', named('true')],
    ['programs without a name', named('')],
    ['nothing at all', { ...SAMPLE, kernels: [], objects: [], cells: [] }],
    ['kernels on which nothing ran', { ...SAMPLE, cells: [] }],
  ])('junit.xml of %s has only legal XML characters', async (_, results) => {
    const text = renderJunit(results);
    expect(XMLValidator.validate(text)).toBe(true);
    expect(text).not.toMatch(/[^\P{C}\n]|[\u2028\u2029\ufffd]/u);
    expect((await execa('xmllint', ['--noout', '-'], { input: text, all: true, reject: false })).all).toBe('');
  });

  it.each([SAMPLE, HOSTILE_SAMPLE])('junit.xml has the right counts', (results) => {
    const count = (suite: Suite, verdict: string) => suite.testcase.filter((test) => verdict in test).length;
    const suites = suitesOf(renderJunit(results));
    expect(suites.map((suite) => [suite['@tests'], suite['@failures'], suite['@errors'], suite['@skipped']].map(Number))).toEqual(
      suites.map((suite) => [suite.testcase.length, count(suite, 'failure'), count(suite, 'error'), count(suite, 'skipped')]),
    );
    expect(suites.map((suite) => suite.testcase.length)).toEqual([18, 6, 6, 6]);
  });

  it('junit.xml has times in seconds, and the cases of a suite sum up to its time', () => {
    const [, ...suites] = suitesOf(renderJunit(SAMPLE));
    const sums = suites.map((suite) => suite.testcase.reduce((sum, test) => sum + Number(test['@time']), 0).toFixed(2));
    expect(suites.map((suite) => Number(suite['@time']).toFixed(2))).toEqual(sums);
  });

  it.each([
    ['the sample', SAMPLE],
    ['hostile text', HOSTILE_SAMPLE],
    ['programs without a name', named('')],
  ])('junitparser, which CI systems use, reads junit.xml as intended: %s', async (_, results) => {
    const script = [
      'import json, sys, junitparser',
      'suites = list(junitparser.JUnitXml.fromstring(sys.stdin.buffer.read()))',
      'kinds = lambda case: [type(result).__name__ for result in (case.result or [])]',
      'cases = lambda suite: [[case.classname, case.name, kinds(case)] for case in suite]',
      'print(json.dumps([[suite.name, suite.tests, suite.failures, suite.errors, suite.skipped, cases(suite)] for suite in suites]))',
    ].join('\n');
    const text = renderJunit(results);
    const { stdout } = await execa('/usr/bin/python3', ['-c', script], { input: text });
    const [, ...suites] = suitesOf(text);
    const kinds = (test: Readonly<Record<string, unknown>>) =>
      ['failure', 'error', 'skipped'].filter((kind) => kind in test).map((kind) => `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`);
    expect(JSON.parse(stdout)).toEqual(
      suites.map((suite) => [
        suite['@name'],
        ...[suite['@tests'], suite['@failures'], suite['@errors'], suite['@skipped']].map(Number),
        suite.testcase.map((test) => [test['@classname'], test['@name'], kinds(test)]),
      ]),
    );
  });
});

it('junit.xml names the baseline, what changed since, and what the gate counts', () => {
  const comparison = { baseline: '2026-05-01T03:00:00.000Z', programs: [], relocations: [], gate: 'regressions' } as const;
  const properties = renderJunit(SAMPLE, { comparison: { ...comparison, programs: [], relocations: [] } }).match(
    /<property name="(?:baseline|changes)".*\/>/g,
  );
  expect([...new Set(properties)]).toEqual([
    '<property name="baseline" value="2026-05-01T03:00:00.000Z"/>',
    '<property name="changes" value="nothing changed; gate regressions: 0 regressions"/>',
  ]);
});
