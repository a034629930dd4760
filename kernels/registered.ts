// Kernel sources behind an interface without their types. Selectors and origins of a source are passed back to that source only.
import type { CachedKernel } from './cache/cached-kernel.ts';
import type { FoundConfig } from './cache/config.ts';
import type { SourceLock } from './sources/lock.ts';
import type { KernelOptions } from './sources/options.ts';
import type { KernelIdentity, KernelSource, PackageFacts, SourceKernel, SourceOperations } from './sources/source.ts';
import type { Trust } from './trust/trust.ts';

/** A selector that its source has parsed. */
export interface KernelSelector {
  text: string;
  /** The text after the colon. */
  value: string;
  source: RegisteredSource;
}

/** Gives the modules of a kernel when they are needed. */
export interface ModuleSource {
  /**
   * A folder with all modules of the kernel, named as in its package, compressed or not.
   * @throws InfraError if they cannot be downloaded or read
   */
  folder: (options: KernelOptions) => Promise<string>;
}

/** A kernel that a source brought into the cache. */
export interface DeliveredKernel {
  identity: KernelIdentity;
  /** Differs from that of the planned kernel if the kernel was replaced. */
  key: string;
  package: PackageFacts | null;
  cached: CachedKernel;
  trust: Trust;
  notes: readonly string[];
  config: (options: KernelOptions) => Promise<FoundConfig>;
  modules: ModuleSource;
}

/** A kernel of a plan. */
export interface PlannedKernel extends KernelIdentity {
  /** Name of its source. Kernels with the same source and key are the same kernel. */
  source: string;
  key: string;
  /** The package to download; null for a file of the user. */
  package: PackageFacts | null;
  /** Its entry in a lock file; null if it cannot be pinned. */
  pin: object | null;
  /** True if only optional selectors mean it. */
  optional?: true;
  /** Whether it is cached and needs no network. */
  isCached: (cache: string) => Promise<boolean>;
  /** The folder with all of its modules if it needs no network for it; otherwise null. */
  cachedModules: (cache: string) => Promise<string | null>;
  /** Brings it or its replacement into the cache. `pullKernel` calls it. */
  deliver: (options: KernelOptions) => Promise<DeliveredKernel>;
}

/** A source as the rest of the program sees it. */
export interface RegisteredSource extends Pick<
  KernelSource<unknown, unknown>,
  'name' | 'forms' | 'isPath' | 'cacheFolders' | 'guess' | 'only'
> {
  /** @throws UserError if the value is not valid for this source */
  read: (value: string, text: string) => KernelSelector;
  /** Starts a plan: returns a function from a selector to its kernels, with the errors of `SourceOperations.planner`. */
  planner: (options: KernelOptions) => Promise<(selector: KernelSelector) => Promise<PlannedKernel[]>>;
  /** The kernels in the cache that a selector means; null if only a pull can answer. */
  select: (selector: KernelSelector, cached: readonly CachedKernel[]) => CachedKernel[] | null;
  /** How its kernels are pinned; null if they cannot be pinned. */
  lock: () => Promise<SourceLock | null>;
}

function identityOf({ id, selector, version, series, arch, distribution }: KernelIdentity): KernelIdentity {
  return { id, selector, version, series, arch, distribution };
}

function plannedKernel<Origin>(source: string, operations: SourceOperations<never, Origin>, kernel: SourceKernel<Origin>): PlannedKernel {
  const { origin, key, package: planned, pin } = kernel;
  return {
    ...identityOf(kernel),
    source,
    key,
    package: planned,
    pin,
    isCached: async (cache) => operations.isCached(origin, cache),
    cachedModules: async (cache) => operations.cachedModules(origin, cache),
    deliver: async (options) => {
      const { kernel: delivered, cached, notes } = await operations.pull(kernel, options);
      return {
        identity: identityOf(delivered),
        key: delivered.key,
        package: delivered.package,
        cached,
        trust: operations.verify(delivered.origin),
        notes,
        config: async (configOptions) => operations.config(delivered.origin, cached, configOptions),
        modules: { folder: async (moduleOptions) => operations.modules(delivered.origin, moduleOptions) },
      };
    },
  };
}

/** Hides the types of a source. */
export function registered<Selector, Origin>(source: KernelSource<Selector, Origin>): RegisteredSource {
  const { name, forms, isPath, cacheFolders, guess, only, parse, matches, load } = source;
  const own: RegisteredSource = {
    name,
    forms,
    isPath,
    cacheFolders,
    guess,
    only,
    read: (value, text) => {
      parse(value, text);
      return { text, value, source: own };
    },
    planner: async (options) => {
      const operations = await load();
      const plan = operations.planner(options);
      return async ({ value, text }) => (await plan(parse(value, text))).map((kernel) => plannedKernel(name, operations, kernel));
    },
    select: ({ value, text }, cached) => {
      if (matches === null) return null;
      const selector = parse(value, text);
      return cached.filter((kernel) => matches(selector, kernel));
    },
    lock: async () => (await load()).lock,
  };
  return own;
}
