// Places in sources, objects and programs, as results and explanations name them.
import { z } from 'zod';
import type { ObjectRelocation, SourceLine } from '../../bpf/object/places.ts';
import { RELOCATION_KINDS } from '../../base/vocabulary.ts';
import { count } from './values.ts';

export const source = z.strictObject({
  file: z.string().describe('Path of the source file, as the compiler recorded it.'),
  line: count.describe('Line number, from 1.'),
  text: z.string().describe('Text of the line; empty if the object does not contain it.'),
  exact: z.boolean().describe('True if the line names what is accessed; false if it is only the nearest known line.'),
}) satisfies z.ZodType<SourceLine>;

export const objectRelocation = z.strictObject({
  index: count.describe("Number of the relocation in its section's record of `.BTF.ext`; libbpf prints it as `relo #N`."),
  section: z.string().describe('ELF section of the instruction.'),
  program: z.string().describe('Program or subprogram that contains the instruction.'),
  insn: count.describe('Index of the instruction in that program or subprogram, from 0.'),
  kind: z.enum(RELOCATION_KINDS).describe("CO-RE relocation kind under libbpf's name."),
  spec: z.string().describe('Accessed type and path, as libbpf prints them: `struct task_struct.mm (0:40 @ offset 1096)`.'),
  access: z
    .string()
    .describe('The access as C writes it: `task_struct.mm`, `struct task_struct`, `enum bpf_map_type::BPF_MAP_TYPE_ARRAY`.'),
  source: source.nullable().describe('Source line of the instruction; null if the object has no line information for it.'),
}) satisfies z.ZodType<ObjectRelocation>;

export const failurePlace = z.strictObject({
  program: z.string().describe('Program or subprogram that contains the instruction.'),
  insn: count.describe('Index of the instruction in that program or subprogram, from 0.'),
  text: z
    .string()
    .nullable()
    .describe('The instruction as the verifier prints it: `(61) r1 = *(u32 *)(r1 +2512)`; null if the log does not contain it.'),
  state: z
    .string()
    .nullable()
    .describe('What the register at fault held, or all registers: `R1=trusted_ptr_or_null_(id=1)`; null if the log does not contain it.'),
  source: source.nullable().describe('Source line of the instruction; null if the object has no line information for it.'),
});

export type FailurePlace = z.infer<typeof failurePlace>;
