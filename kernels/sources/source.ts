// What a kernel source is. Each source is a folder beside this file; `kernels/registry.ts` lists them.
import type { Arch } from '../image/inspect.ts';
import type { CachedKernel } from '../cache/cached-kernel.ts';
import type { FoundConfig } from '../cache/config.ts';
import type { SourceLock } from './lock.ts';
import type { KernelOptions } from './options.ts';
import type { Trust } from './trust.ts';

/** One form of a selector, for help and documentation. */
export interface SelectorForm {
  /** As it is typed: `debian:6.12`, `file:PATH`. */
  selector: string;
  /** What it means, in a few words without a full stop. */
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

/** The package that a kernel comes in. */
export interface PackageFacts {
  name: string;
  version: string;
  /** In its archive. */
  path: string;
  size: number;
  sha256: string;
  /** The suites that list it, as far as an index was read. */
  suites: readonly string[];
}

/** A kernel that a selector means, before it is in the cache. */
export interface SourceKernel<Origin> extends KernelIdentity {
  /** Kernels of one source with the same key are the same kernel. */
  key: string;
  /** Null for a file of the user's own. */
  package: PackageFacts | null;
  /** Its entry in a lock file; null when it cannot be pinned. */
  pin: object | null;
  /** What only the source itself needs to pull it. */
  origin: Origin;
}

/** A kernel that its source brought into the cache. */
export interface Delivery<Origin> {
  /** Another kernel than planned when the source lost that one. */
  kernel: SourceKernel<Origin>;
  cached: CachedKernel;
  /** What a reader should know: a twin package was taken, an indexed version was gone. */
  notes: readonly string[];
}

/** The part of a source that reads archives and images. It is loaded when it is first used. */
export interface SourceOperations<Selector, Origin> {
  /**
   * Starts to plan: the function it returns says which kernels a selector means. What is read from an archive is read once, however many
   * selectors ask. Nothing is downloaded but indexes.
   * The returned function throws UserError when a selector means nothing, and InfraError when an index cannot be had.
   */
  planner: (options: KernelOptions) => (selector: Selector) => Promise<SourceKernel<Origin>[]>;
  /** Whether a kernel is in the cache, so that `pull` needs no network. */
  isCached: (origin: Origin, cache: string) => Promise<boolean>;
  /** Where the chain of digests of a kernel ends. */
  verify: (origin: Origin) => Trust;
  /**
   * Brings a kernel into the cache. What is downloaded has passed `checkTrust` before.
   * @throws InfraError when it cannot be had, is damaged or not trusted
   */
  pull: (kernel: SourceKernel<Origin>, options: KernelOptions) => Promise<Delivery<Origin>>;
  /** The configuration that a pulled kernel was built with. */
  config: (origin: Origin, cached: CachedKernel, options: KernelOptions) => Promise<FoundConfig>;
  /**
   * A folder with all modules of a pulled kernel, named as in its package, compressed or not.
   * @throws InfraError when they cannot be had
   */
  modules: (origin: Origin, options: KernelOptions) => Promise<string>;
  /** How its kernels are pinned; null when they cannot be. */
  lock: SourceLock | null;
}

/**
 * Where kernels come from. `Selector` is what a selector of this source says, `Origin` is what the source needs to pull a kernel; both
 * stay inside the source. Help, errors, the starter configuration and the table in README.md follow from these records.
 */
export interface KernelSource<Selector, Origin> {
  /** What its selectors begin with, before the colon. */
  name: string;
  /** The forms of its selectors. The first one stands for the source where there is room for one only. */
  forms: readonly [SelectorForm, ...SelectorForm[]];
  /** Whether the value of its selectors is a path. A configuration gives paths relative to itself. */
  isPath: boolean;
  /** Folders below the root of the cache that only this source writes. */
  cacheFolders: readonly string[];
  /**
   * Reads a selector.
   * @param value what is behind the colon
   * @param text the whole selector, for errors
   * @throws UserError that says what is possible
   */
  parse: (value: string, text: string) => Selector;
  /** The value that was most likely meant by a text without a source: `6.12`. Null when it looks like nothing of this source. */
  guess: (text: string) => string | null;
  /** The value that selects, of all kernels that `value` means, the one of this version. */
  only: (value: string, version: string) => string;
  /** Whether a selector means a kernel in the cache; null when that is known only by pulling, which needs no network. */
  matches: ((selector: Selector, cached: CachedKernel) => boolean) | null;
  /** Predictions start faster without what this loads. */
  load: () => Promise<SourceOperations<Selector, Origin>>;
}
