// `history` in results.json: facts from earlier runs about the programs of this run.
import { z } from 'zod';
import { HISTORY_LETTERS, STATUSES } from '../../base/vocabulary.ts';
import { count, kernelId, objectId } from './values.ts';

const programName = z.string().nullable().describe('Name of the program; null for the object as a whole.');
const place = { object: objectId, program: programName };
const letters = STATUSES.map((status) => `\`${HISTORY_LETTERS[status]}\` ${status}`).join(', ');

const failing = z.strictObject({
  ...place,
  kernel: kernelId,
  since: z.iso.datetime().describe('End of the first run of the unbroken series in which it was not as expected (UTC).'),
  runs: count.describe('Number of runs in that series; runs without a verdict do not count.'),
  version: z.string().describe('Upstream version of the kernel in the first run of the series.'),
  seenGood: z.boolean().describe('True if an earlier run was as expected; false if the failure may be older than the history.'),
});

const flaky = z.strictObject({
  ...place,
  kernel: kernelId,
  flaky: count.describe(
    'Number of runs that needed more than one attempt, or differed from the run before with the same object and kernel.',
  ),
  runs: count.describe('Number of runs that had a verdict.'),
});

export const historySchema = z.strictObject({
  runsKnown: count.describe('Number of runs in the history, this one included.'),
  first: z.iso.datetime().describe('End of the first of them (UTC).'),
  runs: z
    .array(
      z.strictObject({
        id: z.string().describe('`id` of the run.'),
        finishedAt: z.iso.datetime().describe('End of the run (UTC).'),
        unexpected: count
          .optional()
          .describe(
            'Number of programs on kernels that were not as expected in that run, including those that this run no longer has; absent in results of older versions.',
          ),
      }),
    )
    .describe('The latest runs, at most 30, this one last.'),
  programs: z
    .array(
      z.strictObject({
        ...place,
        trends: z
          .array(z.string())
          .describe(
            `One text for each kernel of this file, with a letter for each of \`runs\`: ${letters}; a space if the run had no such program or kernel.`,
          ),
      }),
    )
    .describe('Trend of every program. Kernels of earlier runs are matched by id, else by series.'),
  failing: z.array(failing).describe('Programs that are not as expected in this run, and since when.'),
  flaky: z.array(flaky).describe('Programs with different verdicts in several runs although nothing had changed.'),
});

export type History = z.infer<typeof historySchema>;
