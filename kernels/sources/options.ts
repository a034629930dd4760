// What planning and pulling kernels need to know, and what they report.
import type { KernelLock } from './lock.ts';

export type KernelEvent =
  /** Bytes so far of the package of a kernel; the last one has `bytes` equal to `total`. */
  | { kind: 'download'; kernel: string; bytes: number; total: number }
  /** Something a person should know. */
  | { kind: 'note'; text: string };

export interface KernelOptions {
  /** Root of the cache. */
  cache: string;
  /** Addresses of Debian mirrors; without any, those of the environment or of apt. */
  mirrors?: readonly string[] | undefined;
  /** Pinned kernels. */
  lock?: KernelLock | undefined;
  /** Selectors that may mean nothing. */
  optional?: readonly string[] | undefined;
  /** Take only what the lock file pins, never something nearby. */
  frozen?: boolean | undefined;
  /** Ask the mirror for its indexes even where recent ones are known. */
  refresh?: boolean | undefined;
  /** Whether to pull what no signature and no lock file vouches for. @default accept */
  unverified?: 'accept' | 'refuse' | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((event: KernelEvent) => void) | undefined;
}
