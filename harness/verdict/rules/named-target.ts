// Attach targets that name a module (`MODULE:FUNCTION`) or an offset: which loaders read them, and the reasons of those that do not.
import { LIBRARY_NAMES } from '../../base/loader-name.ts';
import type { TargetModules } from '../../core-relo/loader.ts';

const KPROBE = /^\??k(?:ret)?probe(?:\/(.+))?$/;
/** What libbpf reads of the target of a kprobe. @see attach_kprobe() in libbpf.c */
const READ_BY_LIBBPF = /^[\w.]+/;

/**
 * The reason of a target with the name of a module, for a loader that does not read this name; null for other targets and loaders.
 * @param kind the type of the program in brackets
 */
export function unreadModule(
  target: string,
  kind: string,
  { targetModules, library }: { targetModules: TargetModules; library: string },
): string | null {
  if (!target.includes(':') || targetModules === 'named') return null;
  const name = library === LIBRARY_NAMES.libbpf ? `${library} before 1.5` : library;
  return `attach target ${target}${kind} names a module, which ${name} does not look up`;
}

/** Whether a reason says that a loader does not read a part of a target. */
export function isAboutUnreadTarget(reason: string): boolean {
  return /^attach target \S+ (?:\(\w+\) )?names (?:a module|an offset), which /.test(reason);
}

/** A program by its section and by the target that the loader names instead. */
interface Probe {
  section: string;
  attachTo?: string | null | undefined;
}

/** The target of a kprobe or kretprobe; null for other programs. */
export function probeTarget({ section, attachTo }: Probe): string | null {
  const probe = KPROBE.exec(section);
  return probe && (attachTo ?? probe[1] ?? null);
}

/** A kprobe on many functions: on one with this name, or on all that match a pattern. */
const KPROBES = /^\??k(?:ret)?probe\.(?:multi|session)(?:\/(.+))?$/;
const PATTERN = /^[\w.*?]*[*?][\w.*?]*$/;

/** The function or the pattern of a kprobe on many functions; null for other programs. */
export function targetOfProbes({ section, attachTo }: Probe): string | null {
  const probes = KPROBES.exec(section);
  return probes && (attachTo ?? probes[1] ?? null);
}

/** The pattern of a kprobe on all functions that match; null for other programs. */
export function patternOfProbes(probe: Probe): string | null {
  const target = targetOfProbes(probe);
  return target !== null && PATTERN.test(target) ? target : null;
}

/** The function that libbpf attaches a kprobe to, although the target names a module; null if it finds no name. */
export function functionOfProbe(target: string): string | null {
  return READ_BY_LIBBPF.exec(target)?.[0] ?? null;
}

/**
 * Why a library does not find the target of a kprobe: it does not read the name of a module or an offset. Null if it does, or leaves the
 * text to the kernel, as aya does, and libbpf with a target that the loader names (bpf_program__attach_kprobe()).
 * @param library as its users write it
 */
export function unreadProbe(probe: Probe, library: string): string | null {
  const target = probeTarget(probe);
  if (target === null) return null;
  const says = (part: string) => `attach target ${target} (kprobe) names ${part}, which ${library} does not read for kprobes`;
  if (library === LIBRARY_NAMES.cilium) {
    if (target.includes(':')) return says('a module');
    return target.includes('+') ? says('an offset') : null;
  }
  const isGiven = (probe.attachTo ?? null) !== null;
  if (library !== LIBRARY_NAMES.libbpf || isGiven || !target.includes(':')) return null;
  return `${says('a module')}: it looks for function ${functionOfProbe(target) ?? ''}`;
}
