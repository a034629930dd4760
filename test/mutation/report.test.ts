// Tests of judging a report of Stryker: scores, survivors, and arguments that fit or no longer fit.
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { faultsOf, judgeReport, outdatedArguments, percent, reportSchema, survivorsSchema } from './report.ts';
import { MUTATED_ROOMS } from './rooms.ts';

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
const SURVIVOR = { code: 'return n < 10;', mutant: 'return n <= 10;' };
const UNCOVERED = {
  code: 'export function isSmall(n: number) { return n < 10; }',
  mutant: 'export function isSmall(n: number) {}',
};
const EQUIVALENT = { file: 'a.ts', equivalent: 'no caller passes ten to this function', mutants: [SURVIVOR] };
const ACCEPTED = { file: 'a.ts', accepted: 'the function is called only to warm up', mutants: [UNCOVERED] };

test('a surviving mutant is shown with its line and the mutated line, and lowers the score of its file', () => {
  expect(judgeReport(REPORT, [])).toEqual({
    scores: [
      { file: 'a.ts', killed: 2, counted: 4 },
      { file: 'b.ts', killed: 0, counted: 0 },
    ],
    survivors: [
      { file: 'a.ts', line: 2, ...SURVIVOR },
      { file: 'a.ts', line: 1, ...UNCOVERED },
    ],
    equivalent: 0,
    accepted: 0,
    stale: [],
  });
});

test('a surviving mutant that is equivalent does not count, and one that is accepted counts as missed', () => {
  const { scores, survivors, equivalent, accepted, stale } = judgeReport(REPORT, [EQUIVALENT, ACCEPTED]);
  expect([scores[0], survivors, equivalent, accepted, stale]).toEqual([{ file: 'a.ts', killed: 2, counted: 3 }, [], 1, 1, []]);
});

test('an argued mutant that did not survive is stale, unless its file was not mutated', () => {
  const noticed = { code: SURVIVOR.code, mutant: 'return true;' };
  const judged = judgeReport(REPORT, [
    { ...EQUIVALENT, mutants: [SURVIVOR, noticed] },
    { ...EQUIVALENT, file: 'c.ts' },
  ]);
  expect(judged.stale).toEqual([{ file: 'a.ts', mutant: 'return true;' }]);
});

test('mutation tests of a room fail for a survivor without an argument, for a stale argument, and for a low score', () => {
  const fine = { scores: [{ file: 'a.ts', killed: 9, counted: 10 }], survivors: [], equivalent: 0, accepted: 1, stale: [] };
  const low = [{ file: 'a.ts', killed: 8, counted: 9 }];
  expect([
    faultsOf(fine),
    faultsOf({ ...fine, scores: low }),
    faultsOf({ ...fine, stale: [{ file: 'a.ts', mutant: 'return true;' }] }),
    faultsOf({ ...fine, survivors: [{ file: 'a.ts', line: 2, ...SURVIVOR }] }),
  ]).toEqual([
    [],
    ['the score is 88.9 %, expected at least 90 %'],
    ['survivors.yaml: this mutant did not survive, remove it: a.ts: return true;'],
    ['survived: a.ts:2\n    code: return n < 10;\n    mutant: return n <= 10;'],
  ]);
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

test('an argument for a surviving mutant needs one kind, a reason, and a mutant', () => {
  const { file, mutants, equivalent } = EQUIVALENT;
  const fits = (argument: unknown) => survivorsSchema.safeParse([argument]).success;
  expect([
    fits({ file, mutants, equivalent }),
    fits({ file, mutants, accepted: equivalent }),
    fits({ file, mutants, equivalent, accepted: equivalent }),
    fits({ file, mutants }),
    fits({ file, mutants, equivalent: 'equivalent' }),
    fits({ file, mutants: [], equivalent }),
  ]).toEqual([true, true, false, false, false, false]);
});

test('an argument for a surviving mutant whose code or file is gone is outdated', () => {
  const gone = { code: 'return n < 11;', mutant: 'return true;' };
  const line = (file: string, code: string) => `survivors.yaml: this code is no longer in ${file}, remove its mutants: ${code}`;
  const sourceOf = (file: string) => (file === 'a.ts' ? SOURCE : null);
  expect([
    outdatedArguments([EQUIVALENT, ACCEPTED], sourceOf),
    outdatedArguments([{ ...EQUIVALENT, mutants: [SURVIVOR, gone] }], sourceOf),
    outdatedArguments([{ ...EQUIVALENT, file: 'b.ts' }], sourceOf),
  ]).toEqual([[], [line('a.ts', gone.code)], [line('b.ts', SURVIVOR.code)]]);
});

const readArguments = async () => survivorsSchema.parse(parse(await readFile(new URL('survivors.yaml', import.meta.url), 'utf8')));

test('the code of every argument in survivors.yaml is in its file', async () => {
  const sourceOf = (file: string) => {
    const place = new URL(`../../${file}`, import.meta.url);
    return existsSync(place) ? readFileSync(place, 'utf8') : null;
  };
  expect(outdatedArguments(await readArguments(), sourceOf)).toEqual([]);
});

test('every argument in survivors.yaml names a file of a mutated room', async () => {
  const argued = await readArguments();
  const places = Object.values(MUTATED_ROOMS).flatMap(({ files }) => files.map((pattern) => pattern.replace('**/*.ts', '')));
  expect(argued.map(({ file }) => file).filter((file) => !places.some((place) => file.startsWith(place)))).toEqual([]);
});
