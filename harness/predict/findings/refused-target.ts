// Findings about targets that a kernel has, and to which it lets no such program attach. The image of the kernel lists them.
import { attachTargetOf, nameInBtf, usedSection } from '../../bpf/object/attach-point.ts';
import type { BpfProgram } from '../../bpf/object/object.ts';
import type { AttachRules, KernelTypes } from '../../core-relo/candidates.ts';
import { findIn } from '../../kernel-btf/kernel-names.ts';
import {
  deniedReason,
  disabledHookReason,
  neverReturnsReason,
  notModifiableReason,
  notSleepableReason,
} from '../../verdict/rules/attach.ts';
import type { Finding, PredictedFailure } from './finding.ts';

const OF_FUNCTION = /^\??(?:fentry|fexit|fmod_ret|fsession)(?:\.s)?(?:\/|$)/;
const OF_HOOK = /^\??lsm(?:\.s|_cgroup)?(?:\/|$)/;
const MAY_SLEEP = /^\??\w+\.s(?:\/|$)/;
const CHANGES_RESULT = /^\??fmod_ret(?:\/|$)/;
const AT_END = /^\??(?:fexit|fmod_ret)(?:\.s)?(?:\/|$)/;
const SESSION = /^\??fsession(?:\.s)?(?:\/|$)/;

/** Functions of system calls. Kernels without error injection accept them as targets since 7.1. */
const SYSTEM_CALL = /^__(?:x64|ia32|arm64|s390x|riscv)_/;
const SECURITY = 'security_';

/** A set of functions without error injection; a kernel that has it, but not that option, refuses system calls, too. */
const NOT_SLEEPABLE = 'btf_non_sleepable_error_inject';
const SLEEPABLE_HOOKS = ['sleepable_lsm_hooks', 'btf_sleepable_lsm_hooks'] as const;

/** A function that a program attaches to. */
interface Target {
  name: string;
  /** Its number in the BTF of vmlinux. */
  id: number;
  kernel: KernelTypes;
  rules: AttachRules;
}

/** The function of vmlinux that a program attaches to; null if there is none, or if the image does not show what the kernel refuses. */
function targetOf(program: BpfProgram, kernel: KernelTypes): Target | null {
  const target = attachTargetOf(usedSection(program), program.attachTo);
  const { attachRules: rules } = kernel;
  if (!target?.byAddress || !rules || kernel.onlyCustom) return null;
  const name = nameInBtf(target);
  const found = findIn({ ...kernel, modules: [] }, target.kind, name);
  return found && { name: name.slice(name.indexOf(':') + 1), id: found.id, kernel, rules };
}

/** Whether a set of the kernel has a function; null if its sets are unknown. A kernel without the set does not ask. */
function isIn({ rules: { sets }, id }: Target, set: string): boolean | null {
  return sets && (sets.get(set)?.has(id) ?? false);
}

/** Whether the kernel refuses every function but system calls, security hooks and those with error injection; null for one that it may except. */
function hasNoException({ rules: { flagged }, kernel, id }: Target): true | null {
  if (kernel.findSymbol?.('register_btf_fmodret_id_set').kind === 'missing') return true;
  return flagged?.has(id) === false ? true : null;
}

/** Whether a function is one whose result a program may change or in which it may sleep, as an error can be injected there; null if unknown. */
function takesErrors(target: Target): boolean | null {
  const { rules, kernel, name } = target;
  switch (rules.errorInjection) {
    case 'none': {
      if (!SYSTEM_CALL.test(name)) return false;
      return rules.sets && !rules.sets.has(NOT_SLEEPABLE);
    }
    case 'listed': {
      const symbol = kernel.findSymbol?.(name);
      return symbol?.kind === 'found' && symbol.isInjected === true;
    }
    case 'unknown':
      return null;
  }
}

/** Whether the kernel refuses a tracing program that may sleep. */
function refusesSleep(target: Target): boolean {
  const takes = takesErrors(target);
  const isExcluded = takes === true && isIn(target, NOT_SLEEPABLE) === true;
  return (takes === false || isExcluded) && hasNoException(target) === true;
}

function refusesChange(target: Target): boolean {
  return !target.name.startsWith(SECURITY) && takesErrors(target) === false && hasNoException(target) === true;
}

/** Whether the kernel refuses an LSM program that may sleep. A kernel without a list of such hooks is unknown. */
function refusesSleepInHook({ rules: { sets }, id }: Target): boolean {
  const hooks = SLEEPABLE_HOOKS.flatMap((set) => sets?.get(set) ?? []);
  return hooks.length > 0 && !hooks.some((set) => set.has(id));
}

/** The refusal in the order of the kernel. @see bpf_check_attach_target() and check_attach_btf_id() in kernel/bpf/verifier.c */
function refusalOf(section: string, target: Target): PredictedFailure | null {
  const { name } = target;
  const refused = (reason: string): PredictedFailure => ({ stage: 'verify', class: 'attach-target-missing', reason });
  const asleep: PredictedFailure = { stage: 'verify', class: 'verifier-rejected', reason: notSleepableReason(name) };
  if (OF_HOOK.test(section)) {
    if (MAY_SLEEP.test(section) && refusesSleepInHook(target)) return asleep;
    return isIn(target, 'bpf_lsm_disabled_hooks') === true ? refused(disabledHookReason(name)) : null;
  }
  if (!OF_FUNCTION.test(section)) return null;
  if (MAY_SLEEP.test(section) && refusesSleep(target)) return asleep;
  if (CHANGES_RESULT.test(section) && refusesChange(target)) return refused(notModifiableReason(name));
  if (isIn(target, 'btf_id_deny') === true) return refused(deniedReason(name));
  const isAtEnd = AT_END.test(section) || SESSION.test(section);
  return isAtEnd && isIn(target, 'noreturn_deny') === true ? refused(neverReturnsReason(name)) : null;
}

/** Finds that the kernel has the target of a program and refuses it. A target that the image does not show to be refused gives nothing. */
export function refusedTargetFindings(program: BpfProgram, kernel: KernelTypes): Finding[] {
  const target = targetOf(program, kernel);
  const failure = target && refusalOf(usedSection(program), target);
  return failure ? [{ failure, certain: true, refusesTarget: true }] : [];
}
