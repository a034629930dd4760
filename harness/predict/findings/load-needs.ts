// What the load of a program asks of the kernel besides its type: an attach type, or a flag.
import { vlenOf } from '../../bpf/btf/btf.ts';
import { allMembers, referencedType, resolveType } from '../../bpf/btf/types.ts';
import { usedSection } from '../../bpf/object/attach-point.ts';
import type { AttachType } from '../../bpf/object/attach-type.ts';
import type { BpfProgram } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { kconfigValue } from '../../kernel-btf/kconfig.ts';
import { findIn } from '../../kernel-btf/kernel-names.ts';
import { unknownAttachType } from '../../verdict/rules/attach.ts';
import type { Finding } from './finding.ts';

/** Whether the kernel has it; null if its BTF does not show that. */
type Presence = boolean | null;

function hasAttachType(kernel: KernelTypes, name: string): Presence {
  return enumeratorsOf(kernel, 'bpf_attach_type')?.has(name) ?? null;
}

export function hasMember(kernel: KernelTypes, struct: string, member: string): Presence {
  const found = findIn(kernel, 'struct', struct);
  return found && allMembers(found.btf, found.id).some(({ name }) => name === member);
}

/** Whether the kernel has a function; null without one that came long before, because BTF may lack all functions. */
function hasFunction(kernel: KernelTypes, name: string, older: string): Presence {
  return findIn(kernel, 'func', older) && findIn(kernel, 'func', name) !== null;
}

/** Whether a function that is the member of a struct has an argument at a position; null without the member. */
function hasArgument(kernel: KernelTypes, struct: string, member: string, position: number): Presence {
  const found = findIn(kernel, 'struct', struct);
  const pointer = found && allMembers(found.btf, found.id).find(({ name }) => name === member)?.type;
  if (!found || pointer === undefined || pointer === null) return null;
  return vlenOf(found.btf, resolveType(found.btf, referencedType(found.btf, resolveType(found.btf, pointer)))) >= position;
}

interface Need {
  section: RegExp;
  isMet: (kernel: KernelTypes) => Presence;
  reason: string;
}

function attachTypeNeed(section: RegExp, type: AttachType): Need {
  return { section, isMet: (kernel) => hasAttachType(kernel, `BPF_${type.toUpperCase()}`), reason: unknownAttachType(type) };
}

/**
 * Sections whose programs some kernel with BTF does not load.
 * @see bpf_prog_load() in the kernel's kernel/bpf/syscall.c for attach types and BPF_F_XDP_HAS_FRAGS (5.18); check_attach_btf_id() in
 * kernel/bpf/verifier.c for programs of uprobes (6.0) and of struct_ops (6.3) that may sleep; struct bpf_struct_ops in include/linux/bpf.h,
 * whose check_member() got the program as its third argument with the latter
 */
const NEEDS: readonly Need[] = [
  attachTypeNeed(/^\??lsm_cgroup(?:\/|$)/, 'lsm_cgroup'),
  attachTypeNeed(/^\??fsession(?:\.s)?(?:\/|$)/, 'trace_fsession'),
  ...(['connect', 'sendmsg', 'recvmsg', 'getpeername', 'getsockname'] as const).map((call) =>
    attachTypeNeed(new RegExp(`^\\??cgroup/${call}_unix$`), `cgroup_unix_${call}`),
  ),
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
  {
    section: /^\??struct_ops\.s(?:\/|$)/,
    isMet: (kernel) => hasArgument(kernel, 'bpf_struct_ops', 'check_member', 3),
    reason: 'this kernel has no struct_ops programs that may sleep',
  },
];

/**
 * Program types that a kernel knows only with an option, although `enum bpf_prog_type` has them.
 * @see include/linux/bpf_types.h
 */
const OPTIONS: Readonly<Partial<Record<string, string>>> = {
  lirc_mode2: 'CONFIG_BPF_LIRC_MODE2',
  netfilter: 'CONFIG_NETFILTER_BPF_LINK',
};

/** The option for a program type that a kernel is built without; null if it has it, or if its configuration is unknown. */
function lackingOption({ type }: BpfProgram, kernel: KernelTypes): string | null {
  const { config } = kernel;
  const option = type === null ? undefined : OPTIONS[type];
  const isOlder = enumeratorsOf(kernel, 'bpf_prog_type')?.has(`BPF_PROG_TYPE_${(type ?? '').toUpperCase()}`) === false;
  if (option === undefined || isOlder || config === null || config === undefined) return null;
  return kconfigValue(config, option) === 'y' ? null : `this kernel is built without ${option}, which program type ${type} needs`;
}

/** Finds what the load of a program needs besides its type, and the kernel lacks. */
export function unmetNeeds(program: BpfProgram, kernel: KernelTypes): Finding[] {
  const section = usedSection(program);
  const unmet = NEEDS.find((need) => need.section.test(section) && need.isMet(kernel) === false);
  const reason = unmet?.reason ?? lackingOption(program, kernel);
  return reason === null ? [] : [{ failure: { stage: 'verify', class: 'program-type-unsupported', reason }, certain: true }];
}
