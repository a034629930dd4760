// One entry of `expectations` in corematrix.yaml.
import { z } from 'zod';
import { FAILURE_CLASSES } from '../../base/failures.ts';

export const expectationSchema = z
  .strictObject({
    object: z.string().describe('File name of the object, for example `opensnoop.bpf.o`.'),
    program: z.string().optional().describe('Program name; without it, every program of the object.'),
    kernels: z.string().optional().describe('Kernel versions it holds for, comparators joined by commas: `>=5.14,<6.2`. Without it, all.'),
    distribution: z
      .string()
      .min(1)
      .optional()
      .describe('Where kernels come from: `debian`, or `file` and `deb` for kernels of your own. Without it, all.'),
    arch: z.enum(['x86_64', 'arm64']).optional().describe('Architecture of the kernels. Without it, all.'),
    status: z.enum(['fail', 'unsupported']).describe('`fail`: must fail there. `unsupported`: out of scope there, whatever happens.'),
    class: z.enum(FAILURE_CLASSES).optional().describe('The class it must fail with; another class is a failure.'),
    reason: z.string().min(1).describe('Why, in a sentence: it stands in every report.'),
    link: z.url().optional().describe('Where more is said: an issue, a commit.'),
    expires: z.iso.date().optional().describe('The last day it holds, `2027-03-31` (UTC): afterwards it is as if it were not there.'),
  })
  .describe('What is known to fail, and why. Everything not named must pass.');

export type Expectation = z.infer<typeof expectationSchema>;
