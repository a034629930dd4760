// Failures to attach: which class an error number gives, why a function cannot be traced, and the words of a loader that could not attach.
import { errnoName, errnoOf } from '../../logs/libbpf/errno.ts';
import type { AttachType } from '../../bpf/object/attach-type.ts';
import type { FailureClass } from '../../base/failures.ts';
import type { CellEvidence } from '../evidence/evidence.ts';
import type { Finding, FailureContext, InModule } from './context.ts';

/** The errors of the kernel and of the C library for a target that does not exist. */
export const MISSING_TARGET: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'ENODEV']);

const CLASSES: Readonly<Partial<Record<string, FailureClass>>> = { EPERM: 'permission', EACCES: 'permission', ENOMEM: 'resource-limit' };

/** The class of a failure to attach, by the name of its error: `ENOENT`. */
export function attachClass(error: string): FailureClass {
  return MISSING_TARGET.has(error) ? 'attach-target-missing' : (CLASSES[error] ?? 'attach-failed');
}

/** Whether an attach type is that of kprobes of many functions, which need an option of the kernel. */
export function isOfManyKprobes(type: AttachType): boolean {
  return type === 'trace_kprobe_multi' || type === 'trace_kprobe_session';
}

/** The reason of a program whose attach type is newer than the kernel. */
export function unknownAttachType(type: AttachType): string {
  return `attach type ${type} is unknown to this kernel`;
}

/** The reason of a program whose attach type the kernel knows, but was not built with. */
export function builtWithout(type: AttachType, error: string): string {
  return `this kernel is built without attach type ${type} (${error})`;
}

/** The words of the cilium/ebpf program about what its library attaches on no kernel. */
const NO_FUNCTION = /^cilium\/ebpf \S+ has no function that attaches /;

/** Whether a library did not ask the kernel to attach, because it has no function for such programs or maps. */
export function hasNoFunction(reason: string): boolean {
  return NO_FUNCTION.test(reason);
}

/** The reason of a USDT program in an object without the maps for its arguments, which no kernel can change. */
export const WITHOUT_USDT_MAPS = 'the object lacks the maps that libbpf needs for USDT programs: the source must include bpf/usdt.bpf.h';

/** Whether libbpf did not ask the kernel to attach a USDT program, because the object lacks maps. @see usdt_manager_new() in libbpf's usdt.c */
export function lacksUsdtMaps(message: string): boolean {
  return message.startsWith('usdt: failed to find USDT support BPF maps');
}

/** The reason of a kprobe on all functions that match a pattern, if none does. */
export function noMatchReason(pattern: string): string {
  return `no function to which programs can attach matches the pattern ${pattern}`;
}

/** What a guest found in the kernel's lists about a function to attach to. */
export type TargetFacts = NonNullable<CellEvidence['targets']>[number];

/** Suffixes of a part that the compiler split off a function. */
const PART = /^\.(?:part|cold)\b/;

/**
 * Labels that have the type of a function: of the linker script, and of the space before a function.
 * @see include/asm-generic/vmlinux.lds.h and CONFIG_FUNCTION_PADDING_BYTES in the kernel
 */
const LABEL = /^(?:_[se]?text|_[se]inittext|__pfx_.*|__(?:start|stop)_.*|__.*_(?:start|end|begin))$/;

/**
 * Says why no program can be attached to a function; null if the lists of the kernel do not explain it.
 * @param kind the type of the program
 */
export function targetReason(
  { state, function: name, variant }: TargetFacts,
  kind: string | null,
  inModule: InModule = () => null,
): string | null {
  if ((state === 'notrace' || state === 'init') && LABEL.test(name))
    return `symbol ${name} is a label and no function: no program can attach to it`;
  switch (state) {
    case 'notrace':
      return `function ${name} is notrace: this kernel has it, but lets no program attach to it`;
    case 'init':
      return `function ${name} is in init memory, which this kernel frees after it booted`;
    case 'variant':
      return PART.test(variant.slice(name.length))
        ? `function ${name} was inlined: only a part of it has a symbol, ${variant}`
        : `function ${name} was compiled as ${variant}: this kernel has no symbol ${name}`;
    case 'inlined':
      return `function ${name} has no symbol: BTF has it, kallsyms does not`;
    case 'absent':
      return `attach target ${name}${kind === null ? '' : ` (${kind})`} is ${inModule(name, kind === 'kprobe' ? 'address' : 'attach') ?? 'not a function of vmlinux or of a loaded module'}`;
    case 'traceable':
    case 'unknown':
      return null;
  }
}

/** Why no program can be attached to a function that the kernel's BTF has. */
export type FunctionFault = 'notrace' | 'init' | 'other-symbol' | 'no-symbol';

/** The words of targetReason() for each fault. Results of older releases have other words for a function without a symbol. */
const FAULT_WORDS = {
  notrace: /^(?:function \S+ is notrace|symbol \S+ is a label)\b/,
  init: /^function \S+ is in init memory\b/,
  'other-symbol': /^function \S+ was compiled as /,
  'no-symbol': /^function \S+ (?:has no symbol|was inlined)\b/,
} as const satisfies Record<FunctionFault, RegExp>;

/** The fault of a function that a reason of targetReason() is about; null for any other reason. */
export function functionFaultOf(reason: string): FunctionFault | null {
  const faults: readonly FunctionFault[] = ['notrace', 'init', 'other-symbol', 'no-symbol'];
  return faults.find((fault) => FAULT_WORDS[fault].test(reason)) ?? null;
}

/** Whether a reason is about a symbol that the kernel lacks, which its BTF does not show. */
export function isAboutSymbols(reason: string | null): boolean {
  const fault = functionFaultOf(reason ?? '');
  return fault === 'other-symbol' || fault === 'no-symbol';
}

/** The words of the verifier about a program that may sleep, on a function or hook in which no program may. */
export function notSleepableReason(name: string): string {
  return `verifier: ${name} is not sleepable`;
}

/** The words of the verifier about a program that changes the result of a function. */
export function notModifiableReason(name: string): string {
  return `verifier: ${name}() is not modifiable`;
}

// The verifier has other words for these on each kernel, or none.

export function disabledHookReason(name: string): string {
  return `LSM hook ${name} is disabled: this kernel lets no program attach to it`;
}

export function deniedReason(name: string): string {
  return `function ${name} is denied: this kernel lets no tracing program attach to it`;
}

export function neverReturnsReason(name: string): string {
  return `function ${name} never returns, so this kernel lets no program attach to its end`;
}

/**
 * Whether a reason is about a target that is in the kernel's BTF, and to which the kernel lets no such program attach. BTF does not show
 * this.
 * @see bpf_check_attach_target() in kernel/bpf/verifier.c: it prints the reason after libbpf found the target
 */
export function isAboutRefusedTarget(failure: FailureClass, reason: string | null): boolean {
  return failure === 'attach-target-missing' && reason?.startsWith('verifier: ') === true;
}

const NO_ADDRESS = /^The address of function (\S+) cannot be found$/;

/** The verifier found no address for the function of an fentry, fexit or fmod_ret program. */
export function functionWithoutAddress({ verifier, targets, program, inModule }: FailureContext): Finding | null {
  const name = NO_ADDRESS.exec(verifier?.reason ?? '')?.[1];
  const facts = targets?.find((each) => each.function === name);
  const reason = facts ? targetReason(facts, program?.type ?? null, inModule) : null;
  return reason === null ? null : { stage: 'verify', class: 'attach-target-missing', reason };
}

/** Follows the line that names the cause. */
const CONSEQUENCE = /: failed to (?:auto-)?attach: /;

/** The beginning of a message that ends with the wrong value, which may look like an error number. */
const WITH_VALUE = 'kprobe offset must be ';

const NO_MATCH = /failed to find a unique match for .* \(0 matches\)$/;

/** How libbpf names the function of a kprobe that it could not attach. */
const OF_KPROBE = /failed to create (?:kprobe|kretprobe) '([\w.]+)\+|legacy kprobe event for '([\w.]+)\+/;

/** Why the function that a message names cannot be traced; null if the guest found nothing against it. */
function untraceableIn(text: string, error: string, { targets, inModule }: FailureContext): Omit<Finding, 'stage'> | null {
  const [, created, legacy] = OF_KPROBE.exec(text) ?? [];
  const facts = targets?.find((each) => each.function === (created ?? legacy));
  const reason = facts ? targetReason(facts, 'kprobe', inModule) : null;
  return facts && reason !== null ? untraceableFailure(facts.state, error, reason) : null;
}

/**
 * The failure to attach to a function that cannot be traced; null if the error has nothing to do with the function.
 * @param error the name of the error
 * @param reason why it cannot be traced
 */
export function untraceableFailure(state: TargetFacts['state'], error: string, reason: string): Omit<Finding, 'stage'> | null {
  const byError = attachClass(error);
  if (byError !== 'attach-failed' && byError !== 'attach-target-missing') return null;
  // Loaders try different names of the function, so their last error is not the same.
  return { class: state === 'notrace' || state === 'init' ? 'attach-failed' : 'attach-target-missing', reason };
}

/** A program or a map that could not be attached, in libbpf's words unless its function cannot be traced. Only a custom loader attaches before it ends. */
export function attachFailed(context: FailureContext): Finding | null {
  const { attempt } = context;
  if (attempt.log.ended !== 'attach') return null;
  const lines = attempt.log.failures.flatMap(({ topic, text }) => (topic === 'attach' ? [text] : []));
  const cause = lines.findLast((text) => !CONSEQUENCE.test(text)) ?? lines.at(-1);
  if (cause === undefined) return null;
  if (lines.some(lacksUsdtMaps)) return { stage: 'attach', class: 'object-invalid', reason: WITHOUT_USDT_MAPS };
  const number = [cause, ...lines.toReversed()]
    .filter((text) => !text.startsWith(WITH_VALUE))
    .map((text) => errnoOf(text.slice(text.lastIndexOf(': ') + 2)))
    .find((each) => each !== null);
  const error = number === undefined ? '' : errnoName(number ?? 0);
  const untraceable = untraceableIn(cause, error, context);
  if (untraceable) return { stage: 'attach', ...untraceable };
  const failureClass = NO_MATCH.test(cause) ? 'attach-target-missing' : attachClass(error);
  return { stage: 'attach', class: failureClass, reason: cause };
}
