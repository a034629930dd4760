// The schema of corematrix.yaml.
import { z } from 'zod';
import { parseSelector } from '../../../kernels/selector.ts';
import { checkMirrorAddress } from '../../../kernels/trust/mirror-trust.ts';
import { firstForms } from '../../../kernels/selector-help.ts';
import { FORMAT_NAMES } from '../../base/format-names.ts';
import { MAX_SECONDS } from '../../base/time-limit.ts';
import { GATES } from '../../base/vocabulary.ts';
import { expectationSchema } from '../expectations/expectation-schema.ts';
import { defaultsSchema } from '../object-settings/defaults.ts';
import { loaderSchema } from '../settings/loader/schema.ts';
import { reported } from '../settings/reported.ts';
import { objectsSchema } from '../object-settings/object-schema.ts';

const selectorSchema = z.string().superRefine(reported((text) => parseSelector(text)));

/** A selector alone, or with settings of its kernels. */
const kernelEntrySchema = z.union([
  selectorSchema,
  z
    .strictObject({
      selector: selectorSchema.describe('Kernel selector: `debian:6.12`.'),
      optional: z.boolean().optional().describe('If true, a missing kernel or a failed boot is not an error (default: false).'),
    })
    .describe('A kernel selector and settings of its kernels.'),
]);

const seconds = z.number().positive().max(MAX_SECONDS, `expected at most ${MAX_SECONDS} seconds (24 days)`);

const policySchema = z
  .strictObject({
    gate: z
      .enum(GATES)
      .optional()
      .describe(
        'What fails a run: every unexpected failure (default), only regressions if a baseline is given, or these and failures of programs that the baseline lacks (`regressions+new`).',
      ),
    failOnFlaky: z.boolean().optional().describe('If true, a cell that needed more than one attempt fails the run (default: false).'),
    maxInfra: z.number().int().nonnegative().optional().describe('Number of infrastructure failures that a run tolerates (default: 0).'),
  })
  .describe('Rules for the exit code.');

export const configSchema = z.strictObject({
  kernels: z
    .array(kernelEntrySchema)
    .min(1)
    .optional()
    .describe(`Kernel selectors, for example ${firstForms()} (all forms: corematrix kernels --help). Paths are relative to this file.`),
  objects: objectsSchema
    .optional()
    .describe('Objects: paths or globs, relative to this file. The settings of an entry apply to every file that it matches.'),
  defaults: defaultsSchema.optional(),
  loaders: z
    .array(loaderSchema)
    .min(1)
    .optional()
    .describe('Loaders of every object without a `loader`, each in its own row: `libbpf@1.1`, `cilium@0.22`.'),
  lock: z.string().min(1).optional().describe('Lock file that pins kernel packages, relative to this file.'),
  history: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File to which each run appends a line, relative to this file. Reports show since when each program fails, and which cells are flaky.',
    ),
  mirrors: z
    .array(z.string().superRefine(reported(checkMirrorAddress)))
    .optional()
    .describe('Base addresses of Debian mirrors, in place of those that apt uses.'),
  timeout: seconds
    .optional()
    .describe(
      'Time limit of a cell, in seconds (default: 300, 60 under KVM; more for an object with 1,000 programs). A cell that exceeds it has no verdict.',
    ),
  bootTimeout: seconds
    .optional()
    .describe(
      'Time limit of the boot of a kernel, in seconds (default: 90, 30 under KVM). Cells of a kernel that exceeds it have no verdict.',
    ),
  jobs: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Maximum number of guests at the same time, fewer if memory is short (default: the number of processors).'),
  cache: z
    .boolean()
    .optional()
    .describe('If true, the verdict of an earlier run is reused if nothing that it depends on has changed (default: true).'),
  isolation: z
    .enum(['snapshot', 'boot'])
    .optional()
    .describe('Guest of each cell: `snapshot`, a private copy of a booted guest (default); `boot`, a fresh boot.'),
  formats: z
    .array(z.enum(FORMAT_NAMES))
    .min(1)
    .optional()
    .describe('Formats to write to the report folder besides results.json and logs (default: html, junit, markdown).'),
  policy: policySchema.optional(),
  expectations: z.array(expectationSchema).optional().describe('Failures that are expected. Every other program must pass.'),
});

export type Config = z.infer<typeof configSchema>;
