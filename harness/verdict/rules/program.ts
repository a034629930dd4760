// Rules for failures of one program outside the verifier: a missing attach target, and refusals before verification.
import type { NameUse } from '../../kernel-btf/kernel-names.ts';
import { errnoName } from '../../logs/libbpf/errno.ts';
import { attachTargetOf, nameInBtf } from '../../bpf/object/attach-point.ts';
import type { FailureClass } from '../../base/failures.ts';
import { lastKernelFailure } from '../../logs/kernel/messages.ts';
import { STRUCT_OPS_VALUE } from '../../bpf/object/struct-ops.ts';
import { type Finding, type FailureContext, type InModule, memlockHint } from './context.ts';
import { unreadModule } from './named-target.ts';
import { helperName } from './verifier.ts';

const NOT_IN_BTF = "not in this kernel's BTF";

/** The name of a target in BTF: `btf_trace_sched_switch` for `sched_switch`. libbpf prints the name from the section. */
function missingName(missing: string, section: string): string {
  const target = attachTargetOf(section);
  return target?.name === missing ? nameInBtf(target) : missing;
}

/** How libbpf says that the kernel lacks the struct of a map, and cilium/ebpf; see structOpsFindTarget() in its struct_ops.go. */
const WITHOUT_STRUCT =
  /struct (?:bpf_struct_ops_)?(?<ofLibbpf>\w+) is not found in kernel BTF$|"bpf_struct_ops_(?<ofCilium>\w+)" doesn't exist in kernel/;

/** The reason for a missing struct_ops type or member, worded like other attach targets; the library's message if it is unknown. */
function structOpsReason(text: string, inModule: InModule): string {
  const { ofLibbpf, ofCilium } = WITHOUT_STRUCT.exec(text)?.groups ?? {};
  const type = ofLibbpf ?? ofCilium;
  if (type !== undefined) return `struct_ops type ${type} is ${inModule(STRUCT_OPS_VALUE + type, 'struct-ops') ?? NOT_IN_BTF}`;
  const [, map, member] = /^struct_ops init_kern (\S+): Cannot find member (\w+) in kernel BTF$/.exec(text) ?? [];
  return member === undefined ? text : `struct_ops member ${member} (map ${map}) is ${NOT_IN_BTF}`;
}

/** How the names of LSM hooks begin, which only vmlinux has, and those of the types of tracepoints. */
const LSM_HOOK = 'bpf_lsm_';
const TRACEPOINT = /^(?:\w+:)?btf_trace_/;

function useOfTarget(name: string): NameUse {
  return TRACEPOINT.test(name) ? 'tracepoint' : 'attach';
}

/** The kernel's BTF lacks a function, tracepoint, hook or struct_ops type. */
export function attachTargetMissing({ attempt, program, object, inModule, targetModules, library }: FailureContext): Finding | null {
  const facts = attempt.log.programs.find((each) => each.program === program?.name);
  if (facts && facts.missingTarget !== null) {
    const kind = program?.type ? ` (${program.type})` : '';
    const section = object.programs.find(({ name }) => name === program?.name)?.section ?? '';
    const name = missingName(facts.missingTarget, section);
    const unread = unreadModule(name, kind, { targetModules, library });
    const where = targetModules === 'none' || name.startsWith(LSM_HOOK) ? null : inModule(name, useOfTarget(name));
    const reason = unread ?? `attach target ${name}${kind} is ${where ?? NOT_IN_BTF}`;
    return { stage: 'verify', class: 'attach-target-missing', reason };
  }
  const structOps = attempt.log.ended === 'struct-ops' ? attempt.log.failures.findLast(({ topic }) => topic === 'struct-ops') : undefined;
  return structOps ? { stage: 'relocate', class: 'attach-target-missing', reason: structOpsReason(structOps.text, inModule) } : null;
}

/** What a locked-down kernel says about a helper that it forbids; null if its log says nothing. */
function lockdownIn(kernelLog: string): string | null {
  return lastKernelFailure(kernelLog, (failure) => failure.type === 'lockdown' && failure.forbids === 'helper')?.text ?? null;
}

/** A locked-down kernel forbids helpers that read its memory. Only the kernel log names lockdown as the cause. */
export function lockedDown({ verifier, kernelLog }: FailureContext): Finding | null {
  const cause = verifier?.cause;
  if (cause?.type !== 'helper-not-allowed') return null;
  const said = lockdownIn(kernelLog);
  const helper = helperName(cause.id, cause.name);
  return said === null ? null : { stage: 'verify', class: 'permission', reason: `${said} (helper ${helper})` };
}

/** The kernel answers EPERM. The reason is libbpf's message about privileges and limits, or the kernel's about lockdown. */
export function notPermitted(context: FailureContext): Finding | null {
  const { attempt, kernelLog } = context;
  const stage = attempt.rejected ? 'verify' : 'relocate';
  if (errnoName(attempt.errno) !== 'EPERM') return null;
  const limit = memlockHint(context);
  if (limit !== null) return { stage, class: 'resource-limit', reason: limit };
  const lockdown = lockdownIn(kernelLog);
  const trivial = attempt.log.failures.find(({ topic }) => topic === 'permission');
  return { stage, class: 'permission', reason: lockdown ?? trivial?.text ?? 'the kernel does not permit the load: EPERM' };
}

const REFUSALS: Partial<Record<string, FailureClass>> = {
  EINVAL: 'program-type-unsupported',
  ENOTSUPP: 'program-type-unsupported',
  EOPNOTSUPP: 'program-type-unsupported',
  EACCES: 'permission',
  ENOMEM: 'resource-limit',
  ENOSPC: 'resource-limit',
  E2BIG: 'complexity-limit',
};

/** The library takes no type from the section of a program, and did not ask the kernel. */
function withoutType(name: string, { object, library }: FailureContext): Finding {
  const section = object.programs.find((program) => program.name === name)?.section ?? '';
  return { stage: 'verify', class: 'object-invalid', reason: `${library} takes no program type from section '${section}'` };
}

/** bpf(BPF_PROG_LOAD) failed before verification, so only the error and the program type are known. */
export function refusedUnverified(context: FailureContext): Finding | null {
  const { attempt, program, verifier, kernelLog, enumerators, unmetNeed, refusedTarget } = context;
  if (!attempt.rejected || !program || verifier?.reason) return null;
  if (program.type === '') return withoutType(program.name, context);
  const jit = lastKernelFailure(kernelLog, ({ type }) => type === 'jit');
  if (jit)
    return { stage: 'verify', class: 'insn-unsupported', reason: `the JIT compiler of this kernel refuses an instruction: ${jit.text}` };
  const error = errnoName(attempt.errno);
  // A kernel that lacks the attach type looks at no target.
  const need = unmetNeed(program.name);
  const target = error === 'EINVAL' && need === null ? refusedTarget(program.name) : null;
  if (target !== null) return { stage: 'verify', class: 'attach-target-missing', reason: target };
  const failureClass = REFUSALS[error];
  if (!failureClass) return null;
  const type = program.type ?? 'of this program';
  if (failureClass !== 'program-type-unsupported') {
    return { stage: 'verify', class: failureClass, reason: `the kernel refuses the program before verification: ${error}` };
  }
  const unknown = program.type !== null && enumerators?.has(`BPF_PROG_TYPE_${program.type.toUpperCase()}`) === false;
  const reason = unknown
    ? `program type ${type} is unknown to this kernel`
    : (need ?? `the kernel refuses program type ${type}, or its attach type or flags, before verification: ${error}`);
  return { stage: 'verify', class: failureClass, reason };
}
