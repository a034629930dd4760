// A switch that may leave the decision to the kernel.
import { z } from 'zod';

export const switchSchema = z.union([z.boolean(), z.literal('if-supported')]);

/** The word that request frames have for a switch. */
export function wantedOf(value: z.infer<typeof switchSchema>): 'yes' | 'no' | 'if-supported' {
  if (value === 'if-supported') return value;
  return value ? 'yes' : 'no';
}
