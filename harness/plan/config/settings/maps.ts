// How the maps of an object are sized before it is loaded.
import { z } from 'zod';
import { MAP_TYPES } from '../../../bpf/object/maps.ts';

const MAX_U32 = 0xffff_ffff;
const size = z.number().int().min(1).max(MAX_U32);

const SHAPE = {
  type: z.enum(MAP_TYPES).exclude(['unspec']).optional().describe('Another type, for example `percpu_array`.'),
  max_entries: size.optional().describe('How many entries it has room for.'),
  key_size: size.optional().describe('Bytes of a key.'),
  value_size: size.optional().describe('Bytes of a value, for example 127 * 8 for a stack trace.'),
};

const mapSettingsSchema = z
  .strictObject({
    ...SHAPE,
    cpus: z.boolean().optional().describe('`max_entries` becomes the number of possible processors of the guest.'),
    inner: z.strictObject(SHAPE).optional().describe('The maps in a map of maps: made so where the object does not say, else changed.'),
    autocreate: z
      .union([z.boolean(), z.literal('if-supported')])
      .optional()
      .describe('Whether the map is created; `if-supported`: where the kernel knows its type.'),
  })
  .refine(({ cpus, max_entries }) => cpus !== true || max_entries === undefined, {
    path: ['cpus'],
    message: 'gives max_entries a value, which max_entries does already',
  });

export const mapsSettingsSchema = z.record(z.string(), mapSettingsSchema).describe('Settings of single maps, by their names.');

export type MapSettings = z.infer<typeof mapSettingsSchema>;
