// The file in which the tests note which mutants they noticed, one JSON object on each line.
import { z } from 'zod';

/** Environment variable for Stryker with the path of the file; empty if each mutant has a run of its own. */
export const RESULTS = 'COREMATRIX_MUTATION_RESULTS';

const lineSchema = z.strictObject({
  /** Stryker's number of the mutant. */
  mutant: z.string(),
  /** The test that noticed it. */
  test: z.string(),
});

export type MutantLine = z.infer<typeof lineSchema>;

/** Reads the lines of the file. */
export function readLines(text: string): MutantLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)));
}
