// The interface of a kernel source. Each source is a folder beside this file; `kernels/registry.ts` lists them.
import type { Arch } from '../image/inspect.ts';
import type { CachedKernel } from '../cache/cached-kernel.ts';
import type { FoundConfig } from '../cache/config.ts';
import type { SourceLock } from './lock.ts';
import type { KernelOptions } from './options.ts';
import type { Trust } from '../trust/trust.ts';

/** One form of a selector, for help and documentation. */
export interface SelectorForm {
  /** The selector as the user types it: `debian:6.12`, `file:PATH`. */
  selector: string;
  /** Its meaning in a few words, without a full stop. */
  meaning: string;
}

export interface KernelIdentity {
  /** Unique in a plan and safe in a path and a URL fragment: `debian-6.12.117+deb13-cloud-amd64`. */
  id: string;
  selector: string;
  /** Upstream version: `5.10.262`, `7.4-rc3`. */
  version: string;
  series: string;
  arch: Arch;
  distribution: string;
}

/** The package that contains a kernel. */
export interface PackageFacts {
  name: string;
  version: string;
  /** Path in its archive. */
  path: string;
  size: number;
  sha256: string;
  /** The suites that list it, among those whose index was read. */
  suites: readonly string[];
}

/** A kernel that a selector means, before it is cached. */
export interface SourceKernel<Origin> extends KernelIdentity {
  /** Kernels of one source with the same key are the same kernel. */
  key: string;
  /** Null for a file of the user. */
  package: PackageFacts | null;
  /** Its entry in a lock file; null if it cannot be pinned. */
  pin: object | null;
  /** Data that only the source needs, to pull it. */
  origin: Origin;
}

/** A kernel that its source brought into the cache. */
export interface Delivery<Origin> {
  /** Differs from the planned kernel if the source lost that one. */
  kernel: SourceKernel<Origin>;
  cached: CachedKernel;
  /** For readers of a report, for example that another package replaces a lost one. */
  notes: readonly string[];
}

/** The part of a source that reads archives and images. It is loaded at its first use. */
export interface SourceOperations<Selector, Origin> {
  /**
   * Starts a plan: returns a function from a selector to its kernels. All selectors of a plan share one function, so that it reads each
   * index once. It downloads only indexes.
   * The function throws UserError if a selector means no kernel, and InfraError if an index cannot be downloaded.
   */
  planner: (options: KernelOptions) => (selector: Selector) => Promise<SourceKernel<Origin>[]>;
  /** Whether a kernel is cached, so that `pull` needs no network. */
  isCached: (origin: Origin, cache: string) => Promise<boolean>;
  /** Who vouches for a kernel. */
  verify: (origin: Origin) => Trust;
  /**
   * Brings a kernel into the cache.
   * @throws InfraError if the kernel cannot be downloaded or is damaged
   */
  pull: (kernel: SourceKernel<Origin>, options: KernelOptions) => Promise<Delivery<Origin>>;
  /** The build configuration of a pulled kernel. */
  config: (origin: Origin, cached: CachedKernel, options: KernelOptions) => Promise<FoundConfig>;
  /**
   * A folder with all modules of a pulled kernel, named as in its package, compressed or not.
   * @throws InfraError if they cannot be downloaded or read
   */
  modules: (origin: Origin, options: KernelOptions) => Promise<string>;
  /** The folder that `modules` gives if it needs no network for it; otherwise null. Downloads and unpacks nothing. */
  cachedModules: (origin: Origin, cache: string) => Promise<string | null>;
  /** How its kernels are pinned; null if they cannot be pinned. */
  lock: SourceLock | null;
}

/**
 * A kernel source. `Selector` is a parsed selector, `Origin` is what the source needs to pull a kernel. Other code never looks inside
 * them. Help, errors, the starter configuration and the table in README.md follow from these records.
 */
export interface KernelSource<Selector, Origin> {
  /** The part of its selectors before the colon. */
  name: string;
  /** The forms of its selectors. Short lists show only the first one. */
  forms: readonly [SelectorForm, ...SelectorForm[]];
  /** Whether the value of its selectors is a path. Paths in a configuration are relative to its file. */
  isPath: boolean;
  /** Folders in the root of the cache that only this source writes. */
  cacheFolders: readonly string[];
  /**
   * Reads a selector.
   * @param value the text after the colon
   * @param text the whole selector, for errors
   * @throws UserError with what was expected
   */
  parse: (value: string, text: string) => Selector;
  /** The value that a text without a source, such as `6.12`, most likely means; null if it does not look like a value of this source. */
  guess: (text: string) => string | null;
  /** Narrows a value to the kernel of one version. */
  only: (value: string, version: string) => string;
  /** Whether a selector means a kernel in the cache; null if only a pull can answer, which then needs no network. */
  matches: ((selector: Selector, cached: CachedKernel) => boolean) | null;
  /** Loads the operations. Predictions start faster without them. */
  load: () => Promise<SourceOperations<Selector, Origin>>;
}
