// One entry of `expectations` in corematrix.yaml.
import { z } from 'zod';
import { SOURCES } from '../../../kernels/registry.ts';
import { parseRange } from '../../base/kernel-version.ts';
import { reported } from '../settings/reported.ts';
import { loaderSchema } from '../settings/loader/schema.ts';
import { FAILURE_CLASSES } from '../../base/failures.ts';

export const expectationSchema = z
  .strictObject({
    object: z.string().describe('File name of the object, for example `opensnoop.bpf.o`.'),
    program: z.string().optional().describe('Program name (default: every program of the object).'),
    loader: loaderSchema.optional().describe('Loader that it applies to: `libbpf@default`, `cilium@0.22` (default: every loader).'),
    kernels: z
      .string()
      .superRefine(reported(parseRange))
      .optional()
      .describe('Kernel versions that it applies to, as comparisons joined by commas: `>=5.14,<6.2` (default: all).'),
    distribution: z
      .string()
      .min(1)
      .optional()
      .describe(`Kernel source: ${SOURCES.map(({ name }) => `\`${name}\``).join(', ')} (default: all).`),
    arch: z.enum(['x86_64', 'arm64']).optional().describe('Architecture of the kernels (default: all).'),
    status: z.enum(['fail', 'unsupported']).describe('`fail`: the program must fail. `unsupported`: any result is accepted.'),
    class: z
      .enum(FAILURE_CLASSES)
      .optional()
      .describe('Failure class that the failure must have; a failure of another class is unexpected (default: any class).'),
    reason: z.string().min(1).describe('One-sentence reason, shown in every report.'),
    link: z.url().optional().describe('Address of more information: an issue, a commit.'),
    expires: z.iso.date().optional().describe('Last day on which it applies (UTC): `2027-03-31` (default: it never expires).'),
  })
  .describe('An expected failure.');

export type Expectation = z.infer<typeof expectationSchema>;
