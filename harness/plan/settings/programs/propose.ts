// Proposes settings for programs that kernels may lack a target for, that are not loaded by default, or whose section names say too little.
import type { BpfObject, BpfProgram } from '../../../bpf/object/object.ts';
import { type Job, jobsOf, type Optional } from '../alternatives/jobs.ts';
import { exampleTarget } from '../alternatives/target-names.ts';
import type { Proposal, ProposedEntry } from '../definition.ts';
import { guessedType } from './guessed-type.ts';

const TARGETLESS = /^\??(?:fentry|fexit|fmod_ret|tp_btf|lsm|iter)(?:\.s)?\/?$/;

function whyOptional(optional: Optional): string {
  switch (optional.why) {
    case 'placeholder':
      return `the loader sets the target in place of ${optional.target}; this one is an example`;
    case 'system call':
      return `does the same as ${optional.program} for a system call that not every architecture has`;
    case 'renamed family':
      return `kernels rename or inline such targets, as that of ${optional.program}`;
    case 'special form':
      return `its target is a special form of that of ${optional.program}`;
  }
}

function proposedProgram(program: BpfProgram, job: Job | undefined): ProposedEntry | null {
  const { name, section } = program;
  // A program that is not loaded by default needs nothing.
  const isOptional = section.startsWith('?') || (job !== undefined && job.programs.length > 1);
  if (TARGETLESS.test(section))
    return { name, value: { attach_to: null }, why: `fill in the target: the loader must set that of ${section}`, isOptional };
  const type = guessedType(program);
  if (type === null)
    return { name, value: { type: null }, why: `fill in the type: libbpf does not know the section name ${section}`, isOptional };
  if (type !== undefined) return { name, value: { type }, why: `${section}: libbpf does not know this section name` };
  if (job?.optional) {
    const target = job.optional.why === 'placeholder' ? { attach_to: exampleTarget(job.optional.target) } : {};
    return { name, value: { autoload: 'if-supported', ...target }, why: whyOptional(job.optional) };
  }
  if (!section.startsWith('?') || (job && job.programs.length > 1)) return null;
  return { name, value: { autoload: 'if-supported' }, why: `${section}: not loaded by default`, isOptional: true };
}

/** Proposes targets, types and switches of programs. */
export function proposePrograms(object: BpfObject): Proposal {
  const jobs = new Map(jobsOf(object).flatMap((job) => job.programs.map((name) => [name, job] as const)));
  const entries = object.programs.flatMap((program) => proposedProgram(program, jobs.get(program.name)) ?? []);
  return { isNeeded: entries.some(({ isOptional }) => isOptional !== true), entries };
}
