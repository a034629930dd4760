// Proposes alternatives: programs of which one is for kernels that do not support the other.
import type { BpfObject, BpfProgram } from '../../../bpf/object/object.ts';
import type { Proposal } from '../definition.ts';

const ENTRY = /^\??(?:fentry|fexit|fmod_ret)(?:\.s)?\/([^]+)$/;
const PROBE = /^\??(?:kprobe|kretprobe)\/([^]+)$/;

/** Pairs of a fentry and a kprobe program for the same function. The cheaper one is first. */
export function pairedPrograms(programs: readonly BpfProgram[]): string[][] {
  const returns = (section: string) => /fexit|kretprobe/.test(section);
  return programs.flatMap((entry) => {
    const target = ENTRY.exec(entry.section)?.[1];
    if (target === undefined) return [];
    const probes = programs.filter(({ section }) => PROBE.exec(section)?.[1] === target && returns(section) === returns(entry.section));
    return probes.length === 1 ? [[entry.name, ...probes.map(({ name }) => name)]] : [];
  });
}

/** The pairs as groups of alternatives. */
export function proposeAlternatives({ programs }: BpfObject): Proposal {
  return {
    isNeeded: true,
    remark: 'the first that loads',
    entries: pairedPrograms(programs).map((names) => ({ name: null, value: names })),
  };
}
