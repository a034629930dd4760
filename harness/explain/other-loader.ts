// Advice for objects that the library of their loader refuses and another library may load.
import { DEFAULT_LIBBPF, libraryName } from '../base/loader-name.ts';
import { proposedLoader } from '../plan/object-settings/proposed-loader.ts';
import { hasNoFunction } from '../verdict/rules/attach.ts';
import { cannotOpen, refusesTarget } from '../verdict/rules/object.ts';
import type { ExplainedObject } from './failures.ts';

/** Advice on an object that the library of a loader program does not open, load or attach by its own decision; null for any other failure. */
function onRefusal(reason: string, library: string): string | null {
  const isRefusal =
    [cannotOpen('', library), refusesTarget('', library)].some((start) => reason.startsWith(start)) || hasNoFunction(reason);
  if (library === libraryName() || !isRefusal) return null;
  return `${library} refuses this before it asks the kernel: not the kernel's fault. Whether the kernel has what the object needs, only another loader shows. If another loader of your project loads the object, name it: "loader: ${DEFAULT_LIBBPF}" for the object in the configuration. To load it with ${library}, write the object as ${library} documents it.`;
}

/**
 * Puts the other loader before the advice if the object has evidence that another library accepts what libbpf refuses.
 * @param failure the reason of the failure, and the object; undefined if it is unknown
 */
export function withOtherLoader(advice: string, { reason, object }: { reason: string; object: ExplainedObject | undefined }): string {
  const library = libraryName(object?.result.loader);
  const refusal = onRefusal(reason, library);
  if (refusal !== null) return refusal;
  const found = object?.bpf && library === libraryName() ? proposedLoader(object.bpf, object.result.path) : null;
  if (!found?.evidence.some(({ refusedAs }) => refusedAs !== null && reason.includes(refusedAs))) return advice;
  const verb = found.libraries.includes(' and ') ? 'load' : 'loads';
  return `libbpf refuses this; ${found.libraries} ${verb} it: not the kernel's fault. Write "loader: ${found.loader}" for the object in the configuration. To load it with libbpf: ${advice}`;
}
