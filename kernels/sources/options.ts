// What planning and pulling kernels need to know, and what they tell.
import type { DebianOptions } from './debian/options.ts';
import type { KernelLock } from '../lock.ts';

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
  /** Pinned packages. */
  lock?: KernelLock | undefined;
  /** Selectors of which it is as well when they mean nothing. */
  optional?: readonly string[] | undefined;
  /** Take only what the lock file pins, never something nearby. */
  frozen?: boolean | undefined;
  /** Ask the mirror for its indexes even where recent ones are known. */
  refresh?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((event: KernelEvent) => void) | undefined;
}

/** The same for what reads a Debian archive. */
export function debianOptions({ cache, mirrors, refresh, signal, onProgress }: KernelOptions): DebianOptions {
  return { cache, mirrors, refresh, signal, onNote: (text) => onProgress?.({ kind: 'note', text }) };
}
