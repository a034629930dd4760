// Failures of the object itself: libbpf does not take the file, or what is in it.
import { errnoName } from '../../logs/libbpf/errno.ts';
import type { Finding, FailureContext } from './context.ts';

/** Sentences libbpf ends a refusal with that say less than the one before. */
const GENERAL = /^failed to (?:load|open|init)/;

function lastTelling(warnings: readonly string[]): string | null {
  return warnings.findLast((text) => !GENERAL.test(text)) ?? warnings.at(-1) ?? null;
}

/** bpf_object__open failed. */
export function openFailed({ attempt }: FailureContext): Finding | null {
  if (attempt.reached !== 'open') return null;
  const said = lastTelling(attempt.log.warnings);
  const error = errnoName(attempt.errno);
  // libbpf's placeholder descriptors need memfd_create(), which a small kernel may not have.
  if (!said && error === 'ENOSYS') {
    return {
      stage: 'open',
      class: 'unknown',
      reason: 'the kernel lacks a system call that libbpf needs to open an object (ENOSYS; memfd_create needs CONFIG_MEMFD_CREATE)',
    };
  }
  const reason = said ? `libbpf cannot open the object: ${said}` : `libbpf cannot open the object: ${error}`;
  return { stage: 'open', class: error === 'ENOMEM' ? 'resource-limit' : 'object-invalid', reason };
}

/** What the configuration says cannot be done to this object, which only libbpf knew. */
export function settingRefused({ attempt }: FailureContext): Finding | null {
  const refused = attempt.log.failures.find(({ topic }) => topic === 'settings');
  const reason = `a setting of the configuration is refused: ${refused?.text ?? ''}`;
  return refused ? { stage: 'open', class: 'object-invalid', reason } : null;
}

/** What is in the object makes no sense to libbpf, which shows only when it is loaded. */
const NONSENSE =
  /^(?:missing BPF prog type, check ELF section name '|SEC\("struct_ops"\) program isn't referenced anywhere|no BTF-based attach target is specified)/;

export function objectInvalid({ attempt, program }: FailureContext): Finding | null {
  const [failure] = attempt.log.failures.filter(({ topic }) => topic === 'object');
  if (failure) return { stage: 'open', class: 'object-invalid', reason: failure.text };
  const said = attempt.log.programs.find((each) => each.program === program?.name)?.warnings.find((text) => NONSENSE.test(text));
  return said === undefined ? null : { stage: 'verify', class: 'object-invalid', reason: said };
}
