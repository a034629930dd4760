// Advice for objects that libbpf refuses and another library loads.
import { libraryName } from '../base/loader-name.ts';
import { proposedLoader } from '../plan/object-settings/proposed-loader.ts';
import type { ExplainedObject } from './failures.ts';

/**
 * Puts the other loader before the advice if the object has evidence that another library accepts what libbpf refuses.
 * @param failure the reason of the failure, and the object; undefined if it is unknown
 */
export function withOtherLoader(advice: string, { reason, object }: { reason: string; object: ExplainedObject | undefined }): string {
  const found = object?.bpf && libraryName(object.result.loader) === 'libbpf' ? proposedLoader(object.bpf, object.result.path) : null;
  if (!found?.evidence.some(({ refusedAs }) => refusedAs !== null && reason.includes(refusedAs))) return advice;
  const verb = found.libraries.includes(' and ') ? 'load' : 'loads';
  return `libbpf refuses this; ${found.libraries} ${verb} it: not the kernel's fault. Write "loader: ${found.loader}" for the object in the configuration. To load it with libbpf: ${advice}`;
}
