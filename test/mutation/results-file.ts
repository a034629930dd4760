// The file in which the first run of the tests notes its findings, one JSON object on each line.
import { z } from 'zod';

/** Environment variable for Stryker with the path of the file. */
export const RESULTS = 'COREMATRIX_MUTATION_RESULTS';
/** Environment variable for Stryker, not empty if the first run must not try the mutants. */
export const ALONE = 'COREMATRIX_MUTATION_ALONE';

const lineSchema = z.union([
  /** A mutant by Stryker's number, and the test that noticed it. */
  z.strictObject({ mutant: z.string(), test: z.string() }),
  /** How many tests passed without a mutant. */
  z.strictObject({ tests: z.number() }),
]);

type Line = z.infer<typeof lineSchema>;

/** Formats a line of the file. */
export function formatLine(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

/** Findings of the first run. */
export interface FirstRun {
  /** The test that noticed a mutant, by Stryker's number of the mutant. */
  noticed: ReadonlyMap<string, string>;
  /** How many tests passed without a mutant; 0 until the end of the run. */
  tests: number;
}

/** Reads the file. */
export function readFirstRun(text: string): FirstRun {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)));
  return {
    noticed: new Map(lines.flatMap((line) => ('mutant' in line ? [[line.mutant, line.test] as const] : []))),
    tests: lines.flatMap((line) => ('tests' in line ? [line.tests] : [])).at(-1) ?? 0,
  };
}
