// Advice for objects that the library of their loader refuses and another library may load.
import { FAILURES } from '../base/failures.ts';
import { DEFAULT_LIBBPF, libraryName } from '../base/loader-name.ts';
import { proposedLoader } from '../plan/object-settings/proposed-loader.ts';
import { hasNoFunction } from '../verdict/rules/attach.ts';
import { cannotOpen, refusesTarget } from '../verdict/rules/object.ts';
import type { BpfProgram } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { DEFAULT_LOADER } from '../core-relo/loader.ts';
import { attachTypeFindings } from '../predict/findings/attach-type.ts';
import { programFindings } from '../predict/findings/support.ts';
import type { ExplainedObject, ProgramFailure } from './failures.ts';
import type { KernelCache } from './kernel-cache.ts';

/** Whether the library of a loader program does not open, load or attach an object by its own decision. */
function isRefusal(reason: string, library: string): boolean {
  const starts = [cannotOpen('', library), refusesTarget('', library)];
  return library !== libraryName() && (starts.some((start) => reason.startsWith(start)) || hasNoFunction(reason));
}

/** What a kernel lacks for a program, whatever loads it; null if its BTF shows nothing. */
function lackingOn(program: BpfProgram, kernel: KernelTypes): string | null {
  const found = [...programFindings(program, kernel, DEFAULT_LOADER), ...attachTypeFindings(program, kernel, DEFAULT_LOADER)];
  return found.find(({ certain }) => certain)?.failure.reason ?? null;
}

/**
 * Says what kernels lack for programs that the library of their loader refuses anyway.
 * @returns one text for each part that is missing, with the kernels: `this kernel has no ... (5.10 6.1)`; empty for any other failure
 */
export async function lackingBesides(
  failures: readonly ProgramFailure[],
  objects: ReadonlyMap<string, ExplainedObject>,
  cache: KernelCache,
): Promise<string[]> {
  const found = new Map<string, Set<string>>();
  for (const { object, kernel, program: name, reason } of failures) {
    const explained = objects.get(object);
    const program = explained?.bpf?.programs.find((each) => each.name === name);
    if (!program || !isRefusal(reason, libraryName(explained?.result.loader))) continue;
    const types = await cache.typesOf(kernel);
    const lacking = types && lackingOn(program, types);
    if (lacking === null) continue;
    const series = cache.kernels.find(({ id }) => id === kernel)?.series ?? kernel;
    found.set(lacking, (found.get(lacking) ?? new Set()).add(series));
  }
  return [...found].map(([text, kernels]) => `${text} (${[...kernels].join(' ')})`);
}

/**
 * Advice on an object that the library of a loader program does not open, load or attach by its own decision; null for any other failure.
 * @param lacking what kernels lack besides
 */
function onRefusal(reason: string, library: string, lacking: readonly string[]): string | null {
  if (!isRefusal(reason, library)) return null;
  const whose =
    lacking.length === 0
      ? "not the kernel's fault. Whether the kernel has what the object needs, only another loader shows."
      : `but with another loader, programs of it would fail, too: ${lacking.join('; ')}.`;
  return `${library} refuses this before it asks the kernel${lacking.length === 0 ? ':' : ','} ${whose} If another loader of your project loads the object, name it: "loader: ${DEFAULT_LIBBPF}" for the object in the configuration. To load it with ${library}, write the object as ${library} documents it.`;
}

interface RefusedFailure {
  reason: string;
  object: ExplainedObject | undefined;
  lacking: readonly string[];
}

/**
 * Puts the other loader before the advice if the object has evidence that another library accepts what libbpf refuses.
 * @param failure the reason of the failure, the object, undefined if it is unknown, and what kernels lack besides
 */
export function withOtherLoader(advice: string, { reason, object, lacking }: RefusedFailure): string {
  const library = libraryName(object?.result.loader);
  const refusal = onRefusal(reason, library, lacking);
  // The general help of the class adds nothing to the refusal.
  if (refusal !== null) return advice === FAILURES['object-invalid'].help ? refusal : `${refusal} ${advice}`;
  const found = object?.bpf && library === libraryName() ? proposedLoader(object.bpf, object.result.path) : null;
  if (!found?.evidence.some(({ refusedAs }) => refusedAs !== null && reason.includes(refusedAs))) return advice;
  const verb = found.libraries.includes(' and ') ? 'load' : 'loads';
  return `libbpf refuses this; ${found.libraries} ${verb} it: not the kernel's fault. Write "loader: ${found.loader}" for the object in the configuration. To load it with libbpf: ${advice}`;
}
