// Rules for failures before any program is loaded: BTF, externs, relocations that libbpf cannot apply.
import { errnoName } from '../../logs/libbpf/errno.ts';
import type { ExternFailure } from '../../logs/loader-log.ts';
import type { NameUse } from '../../kernel-btf/kernel-names.ts';
import { essentialName } from '../../bpf/btf/essential-name.ts';
import { readBtfLog } from '../../logs/kernel/btf-messages.ts';
import type { FailureClass } from '../../base/failures.ts';
import type { Finding, FailureContext } from './context.ts';
import { coreFinding } from './core-reason.ts';

/** The start of the reason of an object whose BTF the kernel read and refused. */
const BTF_REFUSED = "the kernel refuses the object's BTF";

/** The object or the kernel has no usable BTF, or the kernel refuses the object's BTF. */
export function btfMissing({ attempt }: FailureContext): Finding | null {
  const failure = attempt.log.ended === 'btf' ? attempt.log.btf[0] : undefined;
  if (!failure) return null;
  if (failure.kind === 'object-missing') {
    return { stage: 'open', class: 'object-invalid', reason: 'the object has no usable BTF' };
  }
  if (failure.kind === 'kernel-missing') {
    return { stage: 'relocate', class: 'btf-missing', reason: `the kernel has no usable BTF: ${failure.text}` };
  }
  const log = attempt.log.btfLog ?? '';
  const refusal = readBtfLog(log);
  // A kernel that logs why it refuses BTF supports BTF.
  return {
    stage: 'relocate',
    class: log.trim() === '' ? 'btf-missing' : 'object-invalid',
    reason: refusal === null ? failure.text : `${BTF_REFUSED}: ${refusal.text}`,
  };
}

const EXTERNS = {
  kconfig: { class: 'kconfig-missing', name: 'kernel configuration' },
  ksym: { class: 'ksym-missing', name: 'kernel symbol' },
  kfunc: { class: 'kfunc-missing', name: 'kfunc' },
} as const satisfies Record<ExternFailure['kind'], { class: FailureClass; name: string }>;

/** What cannot be read if a message about an extern does not name it. */
const UNNAMED = {
  kconfig: "the kernel's configuration cannot be read",
  ksym: "the kernel's symbols cannot be read",
  kfunc: "the kernel's kfuncs cannot be read",
} as const satisfies Record<ExternFailure['kind'], string>;

/** What the object needs an extern for that the kernel lacks; null for one that the kernel has, but the loader cannot use. */
function useOf({ kind, missingIn }: ExternFailure): NameUse | null {
  if (missingIn === null) return null;
  if (missingIn === 'symbols') return 'address';
  return kind === 'kfunc' ? 'kfunc' : 'variable';
}

/** The class of a failure, unless the loader had too little memory, which is no fault of the object. */
function unlessMemory(attempt: FailureContext['attempt'], otherwise: FailureClass): FailureClass {
  return errnoName(attempt.errno) === 'ENOMEM' ? 'resource-limit' : otherwise;
}

/** A strong extern is unresolved. libbpf stops at the first one, before it loads any program. */
export function externMissing({ attempt, inModule }: FailureContext): Finding | null {
  const { ended, externs } = attempt.log;
  // After the message about a Kconfig value of a wrong type, libbpf prints the line of the configuration without the extern's name.
  const failure = ended === 'extern' ? (externs.findLast((each) => each.name !== '') ?? externs.at(-1)) : undefined;
  if (!failure) return null;
  const { class: failureClass, name } = EXTERNS[failure.kind];
  const use = useOf(failure);
  const where = use && inModule(essentialName(failure.name), use);
  const subject = failure.name === '' ? UNNAMED[failure.kind] : `${name} ${failure.name}`;
  return { stage: 'relocate', class: unlessMemory(attempt, failureClass), reason: `${subject}: ${where ?? failure.detail}` };
}

/** A relocation neither resolves nor can be poisoned, which ends the whole load. */
export function relocationAborted({ attempt, object }: FailureContext): Finding | null {
  if (attempt.log.ended !== 'relocation') return null;
  const facts = attempt.log.relocations.findLast(({ error }) => error !== null);
  if (facts) {
    const finding = coreFinding(facts, object);
    return { stage: 'relocate', ...finding, class: unlessMemory(attempt, finding.class) };
  }
  const failed = attempt.log.relocationFailed;
  if (!failed) return null;
  const said = attempt.log.warnings.findLast((text) => !text.startsWith('failed to ')) ?? `fails with ${errnoName(attempt.errno)}`;
  return { stage: 'relocate', class: unlessMemory(attempt, 'core-other'), reason: `CO-RE relocation: ${said}` };
}
