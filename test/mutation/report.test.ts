// Tests of judging a report of Stryker: scores, survivors, and arguments that fit or no longer fit.
import { expect, test } from 'vitest';
import { judgeReport, percent, reportSchema, survivorsSchema } from './report.ts';

const SOURCE = 'export function isSmall(n: number) {\n  return n <\n    10;\n}\n';
const mutant = (status: string, replacement: string, from: [number, number], to: [number, number]) => ({
  mutatorName: 'EqualityOperator',
  replacement,
  status,
  location: { start: { line: from[0], column: from[1] }, end: { line: to[0], column: to[1] } },
});
const REPORT = reportSchema.parse({
  files: {
    'a.ts': {
      source: SOURCE,
      mutants: [
        mutant('Killed', 'true', [2, 10], [3, 7]),
        mutant('Timeout', 'false', [2, 10], [3, 7]),
        mutant('Survived', 'n <=\n    10', [2, 10], [3, 7]),
        mutant('NoCoverage', '{}', [1, 36], [4, 2]),
        mutant('RuntimeError', 'n >= 10', [2, 10], [3, 7]),
      ],
    },
    'b.ts': { source: '', mutants: [] },
  },
});
const ARGUMENT = { file: 'a.ts', code: 'return n < 10;', mutant: 'return n <= 10;', why: 'no caller passes ten to this function' };

test('a surviving mutant is shown with its line and the mutated line, and lowers the score of its file', () => {
  expect(judgeReport(REPORT, [])).toEqual({
    scores: [
      { file: 'a.ts', killed: 2, counted: 4 },
      { file: 'b.ts', killed: 0, counted: 0 },
    ],
    survivors: [
      { file: 'a.ts', line: 2, code: 'return n < 10;', mutant: 'return n <= 10;' },
      {
        file: 'a.ts',
        line: 1,
        code: 'export function isSmall(n: number) { return n < 10; }',
        mutant: 'export function isSmall(n: number) {}',
      },
    ],
    argued: 0,
    stale: [],
  });
});

test('a surviving mutant with an argument does not count', () => {
  const { scores, survivors, argued, stale } = judgeReport(REPORT, [ARGUMENT]);
  expect([scores[0], survivors.length, argued, stale]).toEqual([{ file: 'a.ts', killed: 2, counted: 3 }, 1, 1, []]);
});

test('an argument that fits no surviving mutant is stale, unless its file was not mutated', () => {
  const noticed = { ...ARGUMENT, mutant: 'return true;' };
  expect(judgeReport(REPORT, [noticed, { ...ARGUMENT, file: 'c.ts' }]).stale).toEqual([noticed]);
});

test('the mutation score is the share of noticed mutants, and 100 % if none counts', () => {
  expect([
    percent([
      { killed: 2, counted: 4 },
      { killed: 3, counted: 3 },
    ]).toFixed(2),
    percent([]),
  ]).toEqual(['71.43', 100]);
});

test('an argument for a surviving mutant needs a reason', () => {
  expect(survivorsSchema.safeParse([{ ...ARGUMENT, why: 'equivalent' }]).success).toBe(false);
});
