// Groups of programs or maps of which a loader takes one.
import { z } from 'zod';

export const alternativesSettingsSchema = z
  .array(z.array(z.string()).min(2, 'a group of alternatives has at least two'))
  .describe(
    'Groups of programs, or of maps, of which one is taken: the first program that loads, the first map whose type the kernel knows. The others are left out.',
  );
