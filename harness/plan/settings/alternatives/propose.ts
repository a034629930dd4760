// Proposes alternatives: programs of which one is for kernels that do not support the other.
import type { BpfObject } from '../../../bpf/object/object.ts';
import type { Proposal } from '../definition.ts';
import { jobsOf } from './jobs.ts';

/** The programs of each job that has several, as groups of alternatives. */
export function proposeAlternatives(object: BpfObject): Proposal {
  const groups = jobsOf(object).filter(({ programs }) => programs.length > 1);
  return {
    isNeeded: true,
    remark: 'the first that loads and attaches',
    entries: groups.map(({ programs }) => ({ name: null, value: programs })),
  };
}
