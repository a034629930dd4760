// Which programs of an object are loaded, and as what.
import { z } from 'zod';
import { ATTACH_TYPES } from '../../../bpf/object/attach-type.ts';
import { PROGRAM_TYPES } from '../../../bpf/object/program-type.ts';
import { attachToSchema } from '../run-check-settings.ts';

const programSettingsSchema = z.strictObject({
  autoload: z
    .union([z.boolean(), z.literal('if-supported')])
    .optional()
    .describe(
      'Whether the program is loaded with the object; `if-supported`: where the kernel knows its type and has what it attaches to. Without it, what its section says.',
    ),
  type: z.enum(PROGRAM_TYPES).exclude(['unspec']).optional().describe('Its program type, for example `sched_cls`.'),
  attach_type: z.enum(ATTACH_TYPES).optional().describe('Its expected attach type, for example `trace_fentry`.'),
  attach_to: attachToSchema.optional(),
});

export const programsSettingsSchema = z.record(z.string(), programSettingsSchema).describe('Settings of single programs, by their names.');

export type ProgramSettings = z.infer<typeof programSettingsSchema>;
