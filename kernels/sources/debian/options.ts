// Options of everything that reads a Debian archive.
import type { TrustOptions } from '../../trust/mirror-trust.ts';
import type { KernelOptions } from '../options.ts';

export interface DebianOptions {
  /** Root of the cache. */
  cache: string;
  /** Addresses of mirrors (default: those of the environment, else of apt). */
  mirrors?: readonly string[] | undefined;
  /** Download Release files again even if the cache has recent ones. */
  refresh?: boolean | undefined;
  /** What the user trusts beyond verified mirrors (default: only what the environment says). */
  trust?: TrustOptions | undefined;
  signal?: AbortSignal | undefined;
  /** Receives messages for the user: an index that is refused, a mirror that is down. */
  onNote?: ((text: string) => void) | undefined;
}

/** The same options, from those of planning and pulling kernels. */
export function debianOptions({ cache, mirrors, refresh, trust, signal, onProgress }: KernelOptions): DebianOptions {
  return { cache, mirrors, refresh, trust, signal, onNote: (text) => onProgress?.({ kind: 'note', text }) };
}
