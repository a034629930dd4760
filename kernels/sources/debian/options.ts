// What everything that reads a Debian archive needs to know.
import type { KernelOptions } from '../options.ts';

export interface DebianOptions {
  /** Root of the cache. */
  cache: string;
  /** Addresses of mirrors; without any, those of the environment or of apt. */
  mirrors?: readonly string[] | undefined;
  /** Ask the mirror for its Release files even where recent ones are known. */
  refresh?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Something a person should know: a signature that was not checked, a mirror that is down. */
  onNote?: ((text: string) => void) | undefined;
}

/** The same for planning and pulling kernels. */
export function debianOptions({ cache, mirrors, refresh, signal, onProgress }: KernelOptions): DebianOptions {
  return { cache, mirrors, refresh, signal, onNote: (text) => onProgress?.({ kind: 'note', text }) };
}
