// Places in an object and in its source that relocations and failures refer to.
import type { RelocationKind } from '../../base/vocabulary.ts';

/** A source line, as .BTF.ext records it. */
export interface SourceLine {
  file: string;
  line: number;
  /** The text of that line; '' if .BTF.ext has none. */
  text: string;
  /** False if the line does not name the accessed member or type: then it is only the nearest known line. */
  exact: boolean;
}

/** One CO-RE relocation of an object. */
export interface ObjectRelocation {
  /** libbpf's `relo #N`: the number within the section's record of .BTF.ext. */
  index: number;
  section: string;
  /** The program or subprogram the instruction belongs to. */
  program: string;
  /** Instruction index within that (sub)program. */
  insn: number;
  kind: RelocationKind;
  /** As libbpf prints it: `struct task_struct.mm (0:40 @ offset 1096)`. */
  spec: string;
  /** As C writes it: `task_struct.mm`, `struct task_struct`, `enum bpf_map_type::BPF_MAP_TYPE_ARRAY`. */
  access: string;
  source: SourceLine | null;
}

const refs = new WeakMap<readonly ObjectRelocation[], ReadonlyMap<string, number>>();

/** Finds the relocation that libbpf names as `prog '%s': relo #%d`. Returns its position, or undefined; the first of a name counts. */
export function refOf(
  relocations: readonly ObjectRelocation[],
  { program, index }: { program: string; index: number },
): number | undefined {
  const key = (name: string, number: number) => `${number} ${name}`;
  // A large object is asked for each of its relocations.
  const known =
    refs.get(relocations) ?? new Map(relocations.map((each, ref) => [key(each.program, each.index), ref] as const).toReversed());
  refs.set(relocations, known);
  return known.get(key(program, index));
}
