// A lock file that was read.

/** The entries of a lock file by source, each checked by its source. */
export interface KernelLock {
  path: string;
  entries: Readonly<Record<string, readonly unknown[]>>;
}
