// Places in sources, objects and programs, as results and explanations name them.
import { z } from 'zod';
import type { ObjectRelocation, SourceLine } from '../bpf/object/places.ts';
import { RELOCATION_KINDS } from '../base/vocabulary.ts';

export const count = z.number().int().nonnegative();

export const source = z.strictObject({
  file: z.string(),
  line: count,
  /** The text of that line, as .BTF.ext carries it; '' when it carries none. */
  text: z.string(),
  /** False when the line does not name what is accessed: then it is only the nearest line known. */
  exact: z.boolean(),
}) satisfies z.ZodType<SourceLine>;

export const objectRelocation = z.strictObject({
  /** libbpf's `relo #N`: the number within the section's record of .BTF.ext. */
  index: count,
  section: z.string(),
  /** The program or subprogram the instruction belongs to. */
  program: z.string(),
  /** Instruction index within that (sub)program. */
  insn: count,
  kind: z.enum(RELOCATION_KINDS),
  /** As libbpf prints it: `struct task_struct.mm (0:40 @ offset 1096)`. */
  spec: z.string(),
  /** As a person writes it: `task_struct.mm`, `struct task_struct`, `enum bpf_map_type::BPF_MAP_TYPE_ARRAY`. */
  access: z.string(),
  source: source.nullable(),
}) satisfies z.ZodType<ObjectRelocation>;

export const failurePlace = z.strictObject({
  /** The program, or the subprogram of it, and the instruction in that. */
  program: z.string(),
  insn: count,
  /** The instruction as the verifier prints it: `(61) r1 = *(u32 *)(r1 +2512)`; null when it was not printed. */
  text: z.string().nullable(),
  /** What the register in question held there, or all registers: `R1=trusted_ptr_or_null_(id=1)`; null when the log does not tell. */
  state: z.string().nullable(),
  source: source.nullable(),
});

export type FailurePlace = z.infer<typeof failurePlace>;
