// What may stand in corematrix.yaml.
import { z } from 'zod';
import { FORMAT_NAMES } from '../../base/format-names.ts';
import { GATES } from '../../base/vocabulary.ts';
import { expectationSchema } from '../expectations/expectation-schema.ts';
import { defaultsSchema } from '../object-settings/defaults.ts';
import { loaderSchema } from '../settings/loader/schema.ts';
import { objectsSchema } from '../object-settings/object-schema.ts';

/** A selector, or one with what is to be said about its kernels. */
const kernelEntrySchema = z.union([
  z.string(),
  z
    .strictObject({
      selector: z.string().describe('Kernel selector, as without braces.'),
      optional: z
        .boolean()
        .optional()
        .describe('Whether it is as well when there is no such kernel, or it does not come up (default: false).'),
    })
    .describe('A kernel selector and what its kernels are to the run.'),
]);

const policySchema = z
  .strictObject({
    gate: z
      .enum(GATES)
      .optional()
      .describe('What fails a run: every unexpected failure (default), or only regressions where a baseline is given.'),
    failOnFlaky: z.boolean().optional().describe('Whether a cell that took more than one attempt fails the run (default: false).'),
    maxInfra: z
      .number()
      .int()
      .nonnegative()
      .optional()
      .describe('Cells that may stay without a verdict for reasons of infrastructure (default: 0).'),
  })
  .describe('What the exit code tells.');

export const configSchema = z.strictObject({
  kernels: z
    .array(kernelEntrySchema)
    .min(1)
    .optional()
    .describe('Kernel selectors, for example `debian:all`, `debian:>=5.10,<=6.12`, `file:bzImage` (relative to this file).'),
  objects: objectsSchema
    .optional()
    .describe('Objects: paths or globs, relative to this file. An entry with settings speaks for every file it matches.'),
  defaults: defaultsSchema.optional(),
  loaders: z
    .array(loaderSchema)
    .min(1)
    .optional()
    .describe('Releases of libbpf that load every object which does not name one itself, each in a row of its own.'),
  lock: z.string().optional().describe('Lock file that pins kernel packages, relative to this file.'),
  history: z.string().min(1).optional().describe('File with a line for every run, relative to this file: each run is appended.'),
  mirrors: z.array(z.string()).optional().describe('Base addresses of Debian mirrors, instead of the ones apt is configured with.'),
  timeout: z.number().positive().optional().describe('Seconds a cell may take before it is infrastructure trouble.'),
  bootTimeout: z.number().positive().optional().describe('Seconds a kernel may take to come up before all its cells are.'),
  jobs: z.number().int().positive().optional().describe('Guests at the same time.'),
  cache: z
    .boolean()
    .optional()
    .describe('Whether verdicts of earlier runs are taken where nothing they depend on has changed (default: true).'),
  isolation: z
    .enum(['snapshot', 'boot'])
    .optional()
    .describe('A private copy of a snapshot for every cell (default), or a boot for every cell.'),
  formats: z
    .array(z.enum(FORMAT_NAMES))
    .min(1)
    .optional()
    .describe('What the report folder holds besides results.json and logs; without it, html, junit and markdown.'),
  policy: policySchema.optional(),
  expectations: z.array(expectationSchema).optional(),
});

export type Config = z.infer<typeof configSchema>;
