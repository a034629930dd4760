// Tests of the report in whole sentences that the newest verifiers print behind their message.
import { expect, test } from 'vitest';
import { splitReport } from '../../../../harness/logs/verifier/report.ts';

const REPORT = [
  'Verification failed: Policy: Operation is not allowed',
  '',
  'Reason:',
  '  The program calls a helper',
  '  that it may not call.',
  '',
  '  A second paragraph.',
  '',
  'At:',
  '  prog @ my file.c:12:5',
  '  other @ other.c:1:1',
  '',
  'Causal path:',
  '  insn 1',
  '',
  'Suggestion:',
  '  Call another helper.',
] as const;
const STATS = ['processed 3 insns (limit 1000000)', 'verification time 7 usec', 'stack depth 8'] as const;

const READ = {
  title: 'Policy: Operation is not allowed',
  explanation: 'The program calls a helper that it may not call. A second paragraph.',
  at: { program: 'prog', file: 'my file.c', line: 12, column: 5 },
  suggestion: 'Call another helper.',
};

test('a verifier log without a report is unchanged', () => {
  const lines = ['R0 !read_ok', 'The last Verification failed: no', ...STATS];
  expect(splitReport(lines)).toEqual({ before: lines, report: null });
  expect(splitReport([])).toEqual({ before: [], report: null });
});

test('the sections of a report are read, and the statistics behind it stay in the verifier log', () => {
  const before = ['0: (95) exit', 'R0 !read_ok'];
  expect(splitReport([...before, ...REPORT, ...STATS])).toEqual({ before: [...before, ...STATS], report: READ });
});

test('a report may be the first lines of a verifier log', () => {
  expect(splitReport(REPORT)).toEqual({ before: [], report: READ });
});

test('the last of several reports counts, and what is before it stays in the verifier log once', () => {
  const first = ['processed 1 insns', 'Verification failed: first', 'Reason:', '  old'];
  expect(splitReport([...first, ...REPORT])).toEqual({ before: first, report: READ });
});

test('statistics before a report stay in the verifier log once, and a title has one line', () => {
  expect(splitReport(['processed 9 insns', ...REPORT]).before).toEqual(['processed 9 insns']);
  expect(splitReport([...REPORT, 'processed 9 insns']).before).toEqual(['processed 9 insns']);
  expect(splitReport(['Verification failed: odd\nend']).report).toBeNull();
});

test('a report without sections has its title only', () => {
  expect(splitReport(['Verification failed: odd\nend', 'Verification failed: plain'])).toEqual({
    before: ['Verification failed: odd\nend'],
    report: { title: 'plain', explanation: '', at: null, suggestion: '' },
  });
});

test('text that is not indented ends a section of a report, and an empty line does not', () => {
  const { report } = splitReport([
    'Verification failed: x',
    'Reason:',
    '  one',
    '',
    '  two',
    'other text',
    '  three',
    'The Suggestion:',
    '  four',
    'Suggestion: no heading',
    '  five',
  ]);
  expect(report).toEqual({ title: 'x', explanation: 'one two', at: null, suggestion: '' });
});

test.each([['a prog @ f.c:1:2'], ['prog @ f.c:1:2 x'], ['prog @ f.c:1'], ['']])('%j is no place of a report', (place) => {
  expect(splitReport(['Verification failed: x', 'At:', `  ${place}`]).report?.at).toBeNull();
});

test('a line that only has the words of statistics is no statistic behind a report', () => {
  expect(splitReport(['Verification failed: x', 'it processed 3 insns', 'processed: 3']).before).toEqual([]);
});
