// Options of planning and pulling kernels, and the events that they report.
import type { KernelLock } from './locked-entries.ts';
import type { TrustOptions } from '../trust/mirror-trust.ts';

export type KernelEvent =
  /** Downloaded bytes of the package of a kernel. In the last event `bytes` equals `total`. */
  | { kind: 'download'; kernel: string; bytes: number; total: number }
  /** A message for the user. */
  | { kind: 'note'; text: string };

export interface KernelOptions {
  /** Root of the cache. */
  cache: string;
  /** Addresses of Debian mirrors (default: those of the environment, else of apt). */
  mirrors?: readonly string[] | undefined;
  /** Pinned kernels. */
  lock?: KernelLock | undefined;
  /** Selectors that may mean no kernel. */
  optional?: readonly string[] | undefined;
  /** Where the user names each selector, for errors: `corematrix.yaml:3:5` (default: errors name the selector alone). */
  places?: ReadonlyMap<string, string> | undefined;
  /** Use only what the lock file pins, never a replacement. */
  frozen?: boolean | undefined;
  /** Download indexes again even if the cache has recent ones. */
  refresh?: boolean | undefined;
  /** What the user trusts beyond verified mirrors (default: only what the environment says). A configuration never sets it. */
  trust?: TrustOptions | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((event: KernelEvent) => void) | undefined;
}
