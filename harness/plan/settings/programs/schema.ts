// Which programs of an object are loaded, and as what.
import { z } from 'zod';
import { ATTACH_TYPES } from '../../../bpf/object/attach-type.ts';
import { PROGRAM_TYPES } from '../../../bpf/object/program-type.ts';
import { switchSchema } from '../switch.ts';
import { attachToSchema } from './attach-to.ts';

const programSettingsSchema = z.strictObject({
  autoload: switchSchema
    .optional()
    .describe(
      'Whether the program is loaded with the object. `if-supported`: only if the kernel has its program type, its attach type and its attach target, and can trace the function. Default: as its section name says. libbpf 1.4 and newer load a program of a struct_ops map with that map (`maps:`), whatever this says.',
    ),
  type: z.enum(PROGRAM_TYPES).exclude(['unspec']).optional().describe('Program type: `sched_cls`.'),
  attach_type: z.enum(ATTACH_TYPES).optional().describe('Expected attach type: `trace_fentry`.'),
  attach_to: attachToSchema.optional(),
});

export const programsSchema = z.record(z.string(), programSettingsSchema).describe('Settings of single programs, by their names.');

export type ProgramSettings = z.infer<typeof programSettingsSchema>;
export type ProgramsSettings = z.infer<typeof programsSchema>;
