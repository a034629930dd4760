// Programs that are not loaded, or not without a target, unless their loader decides.
import type { BpfObject, BpfProgram } from '../../../bpf/object/object.ts';
import { pairedPrograms } from '../alternatives/propose.ts';
import type { Proposal, ProposedEntry } from '../definition.ts';

const TARGETLESS = /^\??(?:fentry|fexit|fmod_ret|tp_btf|lsm|iter)(?:\.s)?\/?$/;

function proposedProgram({ name, section }: BpfProgram, paired: ReadonlySet<string>): ProposedEntry | null {
  if (TARGETLESS.test(section)) return { name, value: { attach_to: 'NAME' }, why: `${section}: its target is left to the loader` };
  if (!section.startsWith('?') || paired.has(name)) return null;
  return { name, value: { autoload: 'if-supported' }, why: `${section}: not loaded by default` };
}

/** Targets and switches that only the loader of the object knows. */
export function proposePrograms({ programs }: BpfObject): Proposal {
  const paired = new Set(pairedPrograms(programs).flat());
  return { isNeeded: false, entries: programs.flatMap((program) => proposedProgram(program, paired) ?? []) };
}
