// The plan in a bundle: what a run did with each object, so that another machine can do the same.
import { z } from 'zod';
import type { GuestCommand } from '../../guest/protocol/frames.ts';
import { sha256 } from '../../results/schema/values.ts';
import { expectationSchema } from '../expectations/expectation-schema.ts';
import { objectSettingsSchema } from '../object-settings/object-schema.ts';

/** The file of the bundle in a report folder. */
export const BUNDLE_FILE = 'bundle.tar';
/** The path of the plan in it. Every other file has the path `sha256/DIGEST`. */
export const PLAN_PATH = 'plan.json';
export const DIGEST_FOLDER = 'sha256/';

const command = z.strictObject({
  folder: z.string(),
  argv: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()),
  timeoutMs: z.number().positive(),
}) satisfies z.ZodType<GuestCommand>;

const bundledObject = z.strictObject({
  id: z.string(),
  /** As in the results. */
  path: z.string(),
  sha256,
  settings: objectSettingsSchema,
  /** The custom loader: its command, and the digest of the archive with its files. */
  command: z.strictObject({ ...command.shape, tar: sha256 }).optional(),
  /** Present for an executable, whose `sha256` is that of the program or script; its files are in the archive of `command`. */
  executable: z
    .strictObject({
      size: z.int().nonnegative(),
      results: z.string().nullable(),
      /** The names of variables whose values the user gave, which are not in `command`. */
      variables: z.array(z.string()),
    })
    .optional(),
  /** The commands among the triggers, by their positions, and the digest of the archive with their files. */
  triggers: z.strictObject({ tar: sha256, commands: z.array(z.tuple([z.int().nonnegative(), command])) }).optional(),
  /** Custom BTF by kernel release; `null` for a kernel whose release is unknown. */
  btf: z.array(z.strictObject({ release: z.string().nullable(), sha256 })).optional(),
});

export const bundlePlanSchema = z.strictObject({
  version: z.literal(1),
  /** `id` of the run that the bundle belongs to. */
  run: z.string(),
  objects: z.array(bundledObject),
  expectations: z.array(expectationSchema),
});

export type BundlePlan = z.infer<typeof bundlePlanSchema>;
export type BundledObject = BundlePlan['objects'][number];
