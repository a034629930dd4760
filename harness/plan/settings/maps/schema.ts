// The sizes and types that maps get before the object is loaded.
import { z } from 'zod';
import { MAP_TYPES } from '../../../bpf/object/maps.ts';
import { switchSchema } from '../switch.ts';

const MAX_U32 = 0xffff_ffff;
const size = z.number().int().min(1).max(MAX_U32);
const sizeOrNone = z.number().int().min(0).max(MAX_U32);

const SHAPE = {
  type: z.enum(MAP_TYPES).exclude(['unspec']).optional().describe('Map type to use in place of the declared one: `percpu_array`.'),
  max_entries: size.optional().describe('Maximum number of entries.'),
  key_size: sizeOrNone.optional().describe('Size of a key, in bytes; 0 for a ring buffer.'),
  value_size: sizeOrNone.optional().describe('Size of a value, in bytes; 127 * 8 for a stack trace, 0 for a ring buffer.'),
};

const mapSettingsSchema = z
  .strictObject({
    ...SHAPE,
    cpus: z.boolean().optional().describe('If true, `max_entries` becomes the number of possible processors of the guest.'),
    inner: z
      .strictObject(SHAPE)
      .optional()
      .describe('The maps in a map of maps. If the object does not define them, all four members are required.'),
    autocreate: switchSchema
      .optional()
      .describe(
        'Whether the map is created. `if-supported`: only if the kernel knows its type, and all that a struct_ops map and its programs need.',
      ),
  })
  .refine(({ cpus, max_entries }) => cpus !== true || max_entries === undefined, {
    path: ['cpus'],
    message: 'sets max_entries, which has a value of its own here; remove one of them',
  });

export const mapsSchema = z.record(z.string(), mapSettingsSchema).describe('Settings of single maps, by their names.');

export type MapSettings = z.infer<typeof mapSettingsSchema>;
export type MapsSettings = z.infer<typeof mapsSchema>;
