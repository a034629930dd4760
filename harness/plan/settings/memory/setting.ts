// `memory`: the size of the guest that loads the object.
import { z } from 'zod';
import { LARGEST_MEMORY_MIB, SMALLEST_MEMORY_MIB } from '../../../guest/machine.ts';
import type { Setting } from '../definition.ts';

export const memory: Setting<number, number> = {
  schema: z
    .number()
    .int()
    .min(SMALLEST_MEMORY_MIB)
    .max(LARGEST_MEMORY_MIB)
    .describe('Memory of the guest, in MiB (default: what the maps of the object need, at least 512).'),
  takesDefault: () => true,
  prepare: (value) => value,
};
