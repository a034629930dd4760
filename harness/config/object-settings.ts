// How one object is to be loaded: what its own loader would do before the load, as settings in corematrix.yaml.
import { z } from 'zod';
import { attachToSchema, trialSettings } from './trial-settings.ts';

const programSettingsSchema = z.strictObject({
  autoload: z.boolean().optional().describe('Whether the program is loaded with the object; without it, what its section says.'),
  attach_to: attachToSchema.optional(),
});

export const objectSettingsSchema = z.strictObject({
  programs: z.record(z.string(), programSettingsSchema).optional().describe('Settings of single programs, by their names.'),
  ...trialSettings,
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
