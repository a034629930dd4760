// Rules for failures of the object itself: the library refuses the file, its content, or a setting.
import { libraryName } from '../../base/loader-name.ts';
import type { CiliumRelease } from '../../bpf/object/cilium-refusal.ts';
import { namingSymbol } from '../../bpf/object/open-failure.ts';
import { errnoName } from '../../logs/libbpf/errno.ts';
import type { Finding, FailureContext } from './context.ts';

/** Final messages of libbpf that are less specific than the message before. */
const GENERAL = /^failed to (?:load|open|init)/;

function mostSpecific(warnings: readonly string[]): string | null {
  return warnings.findLast((text) => !GENERAL.test(text)) ?? warnings.at(-1) ?? null;
}

/** The reason of an object that a library does not open, with its message. */
export function cannotOpen(message: string, library = libraryName()): string {
  return `${library} cannot open the object: ${message}`;
}

/** bpf_object__open failed. */
export function openFailed({ attempt, symbolName, library }: FailureContext): Finding | null {
  if (attempt.reached !== 'open') return null;
  const said = mostSpecific(attempt.log.warnings);
  const error = errnoName(attempt.errno);
  // libbpf creates placeholder descriptors with memfd_create(), which a small kernel may lack.
  if (!said && error === 'ENOSYS') {
    return {
      stage: 'open',
      class: 'unknown',
      reason: 'the kernel lacks a system call that libbpf needs to open an object (ENOSYS; memfd_create needs CONFIG_MEMFD_CREATE)',
    };
  }
  const reason = cannotOpen(said ? namingSymbol(said, symbolName) : error, library);
  return { stage: 'open', class: error === 'ENOMEM' ? 'resource-limit' : 'object-invalid', reason };
}

const SETTING_REFUSED = ' refuses a setting of the configuration: ';

/** Whether a reason is that of a refused setting, which the object alone does not show. */
export function isAboutSetting(reason: string | null): boolean {
  return reason?.includes(SETTING_REFUSED) === true;
}

/** The library cannot apply a setting of the configuration to this object. */
export function settingRefused({ attempt, library }: FailureContext): Finding | null {
  const refused = attempt.log.ended === 'settings' ? attempt.log.failures.findLast(({ topic }) => topic === 'settings') : undefined;
  const reason = `${library}${SETTING_REFUSED}${refused?.text ?? ''}`;
  return refused ? { stage: 'open', class: 'object-invalid', reason } : null;
}

/** Messages about invalid content of the object that libbpf notices only at load time. */
const INVALID_CONTENT =
  /^(?:missing BPF prog type, check ELF section name '|SEC\("struct_ops"\) program isn't referenced anywhere|no BTF-based attach target is specified|attach program FD is not set$)/;

/** The reason of a `freplace` program without a target. */
export const NEEDS_TARGET_PROGRAM =
  'a freplace program replaces a function of another program, which its own loader must name; libbpf did not ask the kernel';

/** Messages about memory of the loader, not about the object. */
const OUT_OF_MEMORY = /\bfailed to (?:alloc map|realloc prog code|add subprog offsets)\b|cannot create a dummy_ksym var/;

/** The content of the object is invalid, or the loader has too little memory to read it. */
export function objectInvalid({ attempt, program, library }: FailureContext): Finding | null {
  const failure = attempt.log.ended === 'object' ? attempt.log.failures.findLast(({ topic }) => topic === 'object') : undefined;
  if (failure) {
    // Loader programs report what their library refuses; libbpf's own messages name the part of the object.
    const reason = library === libraryName() ? failure.text : cannotOpen(failure.text, library);
    return {
      stage: 'open',
      class: OUT_OF_MEMORY.test(failure.text) || errnoName(attempt.errno) === 'ENOMEM' ? 'resource-limit' : 'object-invalid',
      reason,
    };
  }
  const said = attempt.log.programs.find((each) => each.program === program?.name)?.warnings.find((text) => INVALID_CONTENT.test(text));
  if (said === undefined) return null;
  const reason = said.startsWith('attach program FD') ? NEEDS_TARGET_PROGRAM : said;
  return { stage: 'verify', class: 'object-invalid', reason };
}

/**
 * The reason of a program whose attach target the library does not give to the kernel.
 * @param need what the kernel lacks for the program besides; null if nothing is known
 */
export function givesNoTarget(library: string, section: string, need: string | null): string {
  const [kind = ''] = (section.startsWith('?') ? section.slice(1) : section).split('/');
  const words = `${library} gives the kernel no attach target for programs of section ${kind}`;
  return need === null ? `${words}: not the kernel's fault` : `${words}; this kernel could not load them either: ${need}`;
}

/**
 * Sections whose programs need a target that cilium/ebpf does not look up, by release. Release 0.17 takes no type from `fsession`, and loads no
 * such program.
 * @see findProgramTargetInKernel() in its prog.go
 */
export const GIVEN_NO_TARGET = {
  '0.17': /^(?:lsm_cgroup|freplace|struct_ops(?:\.s)?)(?:\/|$)/,
  '0.22': /^(?:lsm_cgroup|freplace|fsession(?:\.s)?)(?:\/|$)/,
} as const satisfies Record<CiliumRelease, RegExp>;

/** What kernels answer to a program without the number of its attach target; some refuse struct_ops programs without a message. */
const NO_TARGET = /^(?:Tracing programs must provide btf_id|attach_btf_id 0 is not )/;

/** What kernels without such programs answer to one that may sleep, before they look for its target. */
const NOT_SLEEPABLE = /^Only .* programs can be sleepable$/;

/**
 * The library gave the kernel no attach target, because it does not know how for such programs. libbpf says so itself, but releases before
 * 1.4.2 not of a struct_ops program that no map sets.
 */
export function targetNotGiven({ attempt, object, program, verifier, library, unmetNeed, setByNoMap }: FailureContext): Finding | null {
  if (!program) return null;
  const said = verifier?.reason ?? null;
  const isSilent = said === null && program.type === 'struct_ops' && errnoName(attempt.errno) === 'ENOTSUPP';
  const unset = isSilent ? setByNoMap(program.name) : null;
  if (unset !== null) return { stage: 'verify', class: 'object-invalid', reason: unset };
  if (library !== 'cilium/ebpf') return null;
  const section = object.programs.find(({ name }) => name === program.name)?.section ?? '';
  const isAsleep = NOT_SLEEPABLE.test(said ?? '') && GIVEN_NO_TARGET['0.22'].test(section.replace(/^\?/, ''));
  if (!isSilent && !isAsleep && !NO_TARGET.test(said ?? '')) return null;
  return { stage: 'verify', class: 'object-invalid', reason: givesNoTarget(library, section, unmetNeed(program.name)) };
}

/** The reason of a program whose attach target a library does not give to the kernel, with the words of the library. */
export function refusesTarget(words: string, library: string): string {
  return `${library} refuses the attach target: ${words}`;
}

/**
 * What cilium/ebpf says about an attach target before it loads the program.
 * @see newProgramWithOptions() in its prog.go
 */
const ABOUT_TARGET = /: attach \w+\/\w+: (.+)$/;

/** The library looked up the attach target and refused it, so it did not ask the kernel. A target that is missing has its own class. */
export function targetRefused({ attempt, program, library }: FailureContext): Finding | null {
  const facts = attempt.log.programs.find((each) => each.program === program?.name);
  if (library !== 'cilium/ebpf' || !facts || facts.verifierLog !== null || errnoName(attempt.errno) === 'ENOENT') return null;
  const words = facts.warnings.map((text) => ABOUT_TARGET.exec(text)?.[1]).find((each) => each !== undefined);
  return words === undefined ? null : { stage: 'verify', class: 'object-invalid', reason: refusesTarget(words, library) };
}
