// The settings of an object in corematrix.yaml, made from the table, and the objects that have them.
import { z } from 'zod';
import { SETTING_NAMES, type SettingName, SETTINGS, type SettingValues } from './setting-table.ts';

type Shape = { [Name in SettingName]: z.ZodOptional<z.ZodType<SettingValues[Name]>> };

/** The schemas of all settings, each optional. The overload states what `Object.fromEntries` cannot: every key keeps its own type. */
function optionalSchemas(): Shape;
function optionalSchemas(): Readonly<Record<string, z.ZodType>> {
  return Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].schema.optional()]));
}

export const objectSettingsSchema = z.strictObject(optionalSchemas());

/** An object with its settings. */
const objectEntrySchema = z
  .strictObject({
    path: z.string().describe('Path or glob, relative to this file.'),
    name: z
      .string()
      .regex(/^[\w.+-]+$/, 'expected letters, digits, and any of . _ + -')
      .optional()
      .describe('Name of the object in reports (default: the file name). The same file under another name is another object.'),
    ...objectSettingsSchema.shape,
  })
  .describe('An object and how to load it.');

export const objectsSchema = z.array(z.union([z.string(), objectEntrySchema])).min(1);

/** An entry of `objects`. */
export type ConfiguredObject = z.infer<typeof objectsSchema>[number];
