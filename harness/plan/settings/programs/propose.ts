// Proposes settings for programs that are not loaded by default, or that have no target in their section name.
import type { BpfObject, BpfProgram } from '../../../bpf/object/object.ts';
import { pairedPrograms } from '../alternatives/propose.ts';
import type { Proposal, ProposedEntry } from '../definition.ts';

const TARGETLESS = /^\??(?:fentry|fexit|fmod_ret|tp_btf|lsm|iter)(?:\.s)?\/?$/;

function proposedProgram({ name, section }: BpfProgram, paired: ReadonlySet<string>): ProposedEntry | null {
  if (TARGETLESS.test(section)) return { name, value: { attach_to: 'NAME' }, why: `${section}: the loader must set its target` };
  if (!section.startsWith('?') || paired.has(name)) return null;
  return { name, value: { autoload: 'if-supported' }, why: `${section}: not loaded by default` };
}

/** Proposes targets and switches of programs. */
export function proposePrograms({ programs }: BpfObject): Proposal {
  const paired = new Set(pairedPrograms(programs).flat());
  return { isNeeded: false, entries: programs.flatMap((program) => proposedProgram(program, paired) ?? []) };
}
