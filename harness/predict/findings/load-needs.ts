// What the load of a program asks of the kernel besides its type: an attach type, or a flag.
import { allMembers } from '../../bpf/btf/types.ts';
import type { BpfProgram } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { findIn } from '../../kernel-btf/kernel-names.ts';
import type { Finding } from './finding.ts';

/** Whether the kernel has it; null if its BTF does not show that. */
type Presence = boolean | null;

function hasAttachType(kernel: KernelTypes, name: string): Presence {
  return enumeratorsOf(kernel, 'bpf_attach_type')?.has(name) ?? null;
}

function hasMember(kernel: KernelTypes, struct: string, member: string): Presence {
  const found = findIn(kernel, 'struct', struct);
  return found && allMembers(found.btf, found.id).some(({ name }) => name === member);
}

/** Whether the kernel has a function; null without one that came long before, because BTF may lack all functions. */
function hasFunction(kernel: KernelTypes, name: string, older: string): Presence {
  return findIn(kernel, 'func', older) && findIn(kernel, 'func', name) !== null;
}

interface Need {
  section: RegExp;
  isMet: (kernel: KernelTypes) => Presence;
  reason: string;
}

/**
 * Sections whose programs some kernel with BTF does not load.
 * @see bpf_prog_load() in the kernel's kernel/bpf/syscall.c for attach types and BPF_F_XDP_HAS_FRAGS (5.18); check_attach_btf_id() in
 * kernel/bpf/verifier.c for programs of uprobes that may sleep (6.0)
 */
const NEEDS: readonly Need[] = [
  {
    section: /^\??lsm_cgroup(?:\/|$)/,
    isMet: (kernel) => hasAttachType(kernel, 'BPF_LSM_CGROUP'),
    reason: 'attach type lsm_cgroup is unknown to this kernel',
  },
  {
    section: /^\??xdp\.frags(?:\/|$)/,
    isMet: (kernel) => hasMember(kernel, 'bpf_prog_aux', 'xdp_has_frags'),
    reason: 'this kernel has no XDP programs for packets with fragments',
  },
  {
    section: /^\??u(?:ret)?probe(?:\.multi)?\.s(?:\/|$)/,
    isMet: (kernel) => hasFunction(kernel, 'bpf_prog_array_free_sleepable', 'bpf_prog_array_free'),
    reason: 'this kernel has no programs of uprobes that may sleep',
  },
];

/** Finds what the load of a program needs besides its type, and the kernel lacks. */
export function unmetNeeds({ section, hasGivenType }: BpfProgram, kernel: KernelTypes): Finding[] {
  const unmet = hasGivenType ? undefined : NEEDS.find((need) => need.section.test(section) && need.isMet(kernel) === false);
  return unmet ? [{ failure: { stage: 'verify', class: 'program-type-unsupported', reason: unmet.reason }, certain: true }] : [];
}
