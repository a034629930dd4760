// Rules for failures that the verifier reports.
import { reachedPoison } from '../relocations/poison.ts';
import { isRejection, type VerifierCause } from '../../logs/verifier/causes.ts';
import type { VerifierLog } from '../../logs/verifier/parse.ts';
import { HELPER_NAMES } from '../../bpf/object/helper-names.ts';
import type { RefusedKfunc, UnresolvedKfunc } from '../../kernel-btf/kfunc-differences.ts';
import { coreFinding, namedFinding } from './core-reason.ts';
import type { Finding, FailureContext } from './context.ts';

/** The verifier reached a poisoned relocation. Other poisoned relocations of the program are never named. */
export function poisonReached({ attempt, object, program, verifier }: FailureContext): Finding | null {
  if (verifier?.cause.type !== 'core-relocation' || !program) return null;
  const facts = reachedPoison(attempt.log, program.name, verifier);
  const finding = facts ? coreFinding(facts, object) : namedFinding(verifier.cause.relocation, verifier.insn);
  return { stage: 'verify', ...finding };
}

/** `bpf_probe_read#4`, or only the number if neither the kernel nor the table of helpers gives a name. */
export function helperName(id: number, name: string | null): string {
  const known = name ?? HELPER_NAMES[id];
  return known === undefined || known === 'unknown' ? `#${id}` : `${known}#${id}`;
}

/** The instruction, unless the reason already names one. */
function atInsn({ reason, insn }: VerifierLog): string {
  return insn === null || /\binsn \d/.test(reason ?? '') ? '' : ` at insn ${insn}`;
}

/** `verifier: R1 invalid mem access 'scalar' at insn 2` */
function wording(verifier: VerifierLog): string {
  return `verifier: ${verifier.reason ?? 'no reason given'}${atInsn(verifier)}`;
}

function unresolvedKfunc(name: string, state: UnresolvedKfunc): string {
  if (state === 'differs') return `kfunc ${name} is called, but its prototype in this kernel differs from that in the object`;
  return `kfunc ${name} is called but does not exist in this kernel`;
}

/** The failure of a call of a kfunc that no program may call. */
export function refusedKfunc(name: string, state: RefusedKfunc): Pick<Finding, 'class' | 'reason'> {
  if (state !== 'unmarked') return { class: 'kfunc-missing', reason: unresolvedKfunc(name, state) };
  const reason = `kfunc ${name} is a function that no program may call: the BTF of this kernel marks its kfuncs, and not this function`;
  return { class: 'kfunc-not-allowed', reason };
}

const NO_CALLBACK = "number of funcs in func_info doesn't match number of subprogs";

/** The reason of a program with a callback on a kernel before 5.13. Its verifier counts the functions before it reads any instruction. */
export const CALLBACKS_UNKNOWN = 'this kernel does not know functions as callbacks: func_info lists more functions than it finds';

/** The reason of a program that takes the address of a kernel function, on a kernel before 6.4. Its verifier reads all addresses first. */
export const KFUNC_ADDRESS_REFUSED = 'this kernel does not let programs take the address of a kernel function, as bpf_ksym_exists() does';

function kfuncRefused(name: string, said: string): string {
  if (said.includes('sleepable')) return `kfunc ${name} may sleep, and this program is not sleepable`;
  return `kfunc ${name} may not be called from this program on this kernel`;
}

function classOf(
  verifier: VerifierLog,
  cause: VerifierCause,
  { program: own, differsKfunc, isUnmarkedKfunc, unmetNeed, refusedTarget }: FailureContext,
): Pick<Finding, 'class' | 'reason'> | null {
  const type = own?.type ?? null;
  const reason = wording(verifier);
  if (isRejection(cause)) return cause.type === 'kernel-btf' ? { class: 'btf-missing', reason } : null;
  switch (cause.type) {
    case 'missing-map':
      return {
        class: 'map-create-failed',
        reason: cause.name === null ? 'the program uses a map that was not created' : `map '${cause.name}' is used but was not created`,
      };
    case 'missing-kfunc':
      if (cause.name === null) return { class: 'kfunc-missing', reason: 'the program calls a kfunc that this kernel lacks' };
      return refusedKfunc(cause.name, differsKfunc(cause.name) ? 'differs' : 'missing');
    case 'helper-unknown':
      return { class: 'helper-unknown', reason: `helper ${helperName(cause.id, cause.name)} is unknown to this kernel` };
    case 'helper-not-allowed': {
      const program = type === null ? 'this program type' : `program type ${type}`;
      return { class: 'helper-not-allowed', reason: `helper ${helperName(cause.id, cause.name)} is not available to ${program} here` };
    }
    case 'helper-gpl-only':
      return { class: 'helper-not-allowed', reason };
    case 'kfunc-not-allowed':
      if (cause.name !== null && isUnmarkedKfunc(cause.name)) return refusedKfunc(cause.name, 'unmarked');
      return {
        class: 'kfunc-not-allowed',
        reason: cause.name === null ? reason : kfuncRefused(cause.name, verifier.reason ?? ''),
      };
    case 'kfunc-unsupported':
      return { class: 'kfunc-missing', reason: `this kernel does not support kfunc calls: ${verifier.reason ?? ''}` };
    case 'too-complex':
      return { class: 'complexity-limit', reason };
    case 'kfunc-address':
      return { class: 'insn-unsupported', reason: KFUNC_ADDRESS_REFUSED };
    case 'unknown-instruction':
      if (verifier.reason === NO_CALLBACK) return { class: 'insn-unsupported', reason: CALLBACKS_UNKNOWN };
      return { class: 'insn-unsupported', reason: verifier.insnText === null ? reason : `${reason}: ${verifier.insnText}` };
    case 'attach-target':
      return { class: 'attach-target-missing', reason: (own && refusedTarget(own.name)) ?? reason };
    case 'program-type':
      return { class: 'program-type-unsupported', reason: (own && unmetNeed(own.name)) ?? reason };
    case 'permission':
      return { class: 'permission', reason };
    case 'core-relocation':
    case 'endless-loop':
    case 'memory-access':
    case 'argument':
    case 'uninitialized':
    case 'context-access':
    case 'unknown':
      return null;
  }
}

/** The verifier's cause has its own failure class. */
export function verifierCause(context: FailureContext): Finding | null {
  const { verifier } = context;
  const found = verifier ? classOf(verifier, verifier.cause, context) : null;
  return found && { stage: 'verify', ...found };
}

/** A rejection whose kind is known, and a message that no rule knows: then only the log shows the cause. */
export function verifierRejected({ verifier }: FailureContext): Finding | null {
  if (verifier === null || verifier.reason === null) return null;
  return { stage: 'verify', class: verifier.cause.type === 'unknown' ? 'unknown' : 'verifier-rejected', reason: wording(verifier) };
}
