// How one object is to be loaded: what its own loader would do before the load, as settings in corematrix.yaml.
import { z } from 'zod';
import { alternativesSettingsSchema } from './settings/alternatives.ts';
import { mapsSettingsSchema } from './settings/maps.ts';
import { programsSettingsSchema } from './settings/programs.ts';
import { kconfigSettingsSchema, variablesSettingsSchema } from './settings/variables.ts';
import { loaderSettings } from './loader-settings.ts';
import { runCheckSettings } from './run-check-settings.ts';

export const objectSettingsSchema = z.strictObject({
  programs: programsSettingsSchema.optional(),
  maps: mapsSettingsSchema.optional(),
  alternatives: alternativesSettingsSchema.optional(),
  variables: variablesSettingsSchema.optional(),
  kconfig: kconfigSettingsSchema.optional(),
  btf: z
    .string()
    .optional()
    .describe(
      "BTF for relocations instead of the kernel's own: a file for every kernel, or a folder, as BTFHub has them, of which the file called like the kernel's release is taken where there is one. Relative to this file.",
    ),
  pins: z.boolean().optional().describe('Whether maps that the object pins are pinned, in the guest; without it, none is.'),
  ...runCheckSettings,
  ...loaderSettings,
});

/** An object with settings of its own. */
const objectEntrySchema = z
  .strictObject({
    path: z.string().describe('Path or glob, relative to this file.'),
    name: z
      .string()
      .regex(/^[\w.+-]+$/, 'expected letters, digits, and any of . _ + -')
      .optional()
      .describe('What it is called in reports; with another name, the same file is another object. Without it, the file name.'),
    ...objectSettingsSchema.shape,
  })
  .describe('An object and how it is to be loaded.');

export const objectsSchema = z.array(z.union([z.string(), objectEntrySchema])).min(1);

export type ObjectSettings = z.infer<typeof objectSettingsSchema>;
