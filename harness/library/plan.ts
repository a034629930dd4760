// The plan of a run: its objects and kernels, its expectations, and which cells earlier results leave to run.
import { chosenKernels } from './configured.ts';
import { checkLockFile, readLock } from '../../kernels/lock.ts';
import { DEFAULT_SELECTOR } from '../../kernels/registry.ts';
import type { KernelLock } from '../../kernels/sources/locked-entries.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { configuredPath } from '../base/configured-path.ts';
import { UserError } from '../base/errors.ts';
import { cacheRoot } from '../base/files.ts';
import { type Choose, chooseAll } from '../plan/choice/choice.ts';
import { chooseShard, type Shard } from '../plan/choice/shard.ts';
import { chooseSince } from '../plan/choice/since.ts';
import { type Inputs, plainSources, readInputs } from '../plan/inputs/inputs.ts';
import { placeAt } from '../plan/settings/place.ts';
import { objectSources } from '../plan/inputs/object-sources.ts';
import type { Results } from '../results/schema.ts';
import { CONFIG_NAME, emptyConfig, type LoadedConfig } from './load-config.ts';
import { type SourceOptions, type Sources, sourcesOf } from './sources.ts';

export interface PlanOptions extends SourceOptions {
  /** Paths or patterns of BPF objects, relative to the current folder (default: the objects of the configuration). */
  objects?: readonly string[] | undefined;
  /** Kernel selectors: `debian:6.12` (default: the kernels of the configuration). */
  kernels?: readonly string[] | undefined;
  /** Loaders of objects that name none, each in its own row: `libbpf@1.1` (default: those of the configuration). */
  loaders?: readonly string[] | undefined;
  /** The configuration (default: none). */
  config?: LoadedConfig | undefined;
  /** Runs only this part of the plan; `merge` joins the parts. */
  shard?: Shard | undefined;
  /** Results of an earlier run whose durations balance the shards. */
  baseline?: Results | undefined;
  /** Runs only the cells that failed or had no verdict in these results. */
  lastFailed?: Results | undefined;
  /** Runs only the cells whose object file or kernel has changed since these results. */
  onlyChanged?: Results | undefined;
  /** Downloads the kernel indexes again even if the kernel cache has recent ones. */
  refresh?: boolean | undefined;
  /** Uses only kernels that the lock file of the configuration pins. */
  frozen?: boolean | undefined;
}

export interface Plan {
  config: LoadedConfig;
  selectors: readonly string[];
  inputs: Inputs;
  choose: Choose;
  /** The loaders that the caller names for objects without one; undefined for those of the configuration. */
  loaders: readonly string[] | undefined;
  shard: Shard | undefined;
  sources: Sources;
  /** Reads the lock file, if one is configured. */
  kernelOptions: () => Promise<KernelOptions>;
}

/** The cells that the options select; all without options. */
function chosenCells({ shard, baseline, lastFailed, onlyChanged }: PlanOptions): Choose {
  return chooseAll([
    // The report folder differs from machine to machine, but all shards must be cut alike.
    ...(shard ? [chooseShard(shard, baseline ?? null)] : []),
    ...(lastFailed ? [chooseSince('last-failed', lastFailed)] : []),
    ...(onlyChanged ? [chooseSince('only-changed', onlyChanged)] : []),
  ]);
}

/** The lock file of a configuration, if it names one. */
export async function lockOf({ config: { lock }, directory, at }: LoadedConfig, frozen: boolean): Promise<KernelLock | undefined> {
  if (lock !== undefined) {
    const path = configuredPath(directory, lock);
    await checkLockFile(path, lock).catch((error: unknown) => {
      throw error instanceof UserError ? placeAt(at, ['lock']).problem(error.message, error) : error;
    });
    return readLock(path);
  }
  if (frozen)
    throw new UserError(
      `--frozen needs a lock file: "corematrix kernels lock -o kernels.lock.json", and lock: kernels.lock.json in ${CONFIG_NAME}`,
      { inProgram: '`frozen` needs a `config` that names a lock file; "corematrix kernels lock -o kernels.lock.json" writes one' },
    );
  return undefined;
}

/**
 * Reads the objects, and decides which cells earlier results leave to run.
 * @throws UserError for missing or wrong input; an unusable object is only a problem in `inputs`
 */
export async function readPlan(options: PlanOptions): Promise<Plan> {
  const { objects = [], config: loaded = emptyConfig(), shard, refresh, frozen } = options;
  const { config, at, directory } = loaded;
  const configured = objectSources({ config, at }, directory);
  if (loaded.file !== undefined && Object.keys(config).length === 0 && (objects.length === 0 || options.kernels === undefined))
    throw new UserError(`${loaded.file}: the configuration is empty; expected kernels: and objects: ("corematrix init" writes them)`);
  if (objects.length === 0 && configured.sources.length === 0 && loaded.file !== undefined)
    throw new UserError(`${loaded.file}: it lists no objects; add objects:, or name one: corematrix run prog.bpf.o -c ${loaded.file}`, {
      inProgram: `${loaded.file}: it lists no objects; add objects:, or give \`objects\``,
    });
  if (objects.length === 0 && configured.sources.length === 0)
    throw new UserError(
      `no object to run: name one, for example "corematrix run prog.bpf.o -k ${DEFAULT_SELECTOR}", or list objects in ${CONFIG_NAME} ("corematrix init" makes one)`,
      { inProgram: 'no object to run: give `objects`, or a `config` that lists objects' },
    );
  const { selectors, optional, places } = chosenKernels(options.kernels, loaded);
  if (selectors.length === 0 && loaded.file !== undefined)
    throw new UserError(`${loaded.file}: it lists no kernels; add kernels:, or give -k, for example "-k ${DEFAULT_SELECTOR}"`, {
      inProgram: `${loaded.file}: it lists no kernels; add kernels:, or give \`kernels\`, for example [${JSON.stringify(DEFAULT_SELECTOR)}]`,
    });
  if (selectors.length === 0)
    throw new UserError(`no kernel to run on: give -k, for example "-k ${DEFAULT_SELECTOR}", or list kernels in ${CONFIG_NAME}`, {
      inProgram: `no kernel to run on: give \`kernels\`, for example [${JSON.stringify(DEFAULT_SELECTOR)}], or a \`config\` that lists kernels`,
    });
  const loaders = options.loaders ?? config.loaders;
  const inputs =
    objects.length > 0
      ? await readInputs(plainSources(objects, process.cwd()), { configured, loaders })
      : await readInputs(configured, { loaders });
  const sources = sourcesOf(options, loaded);
  const kernelOptions = async () => {
    const lock = await lockOf(loaded, frozen === true);
    return { cache: cacheRoot(), ...sources, lock, refresh, frozen, optional, places };
  };
  const choose = chosenCells(options);
  return { config: loaded, selectors, inputs, choose, loaders: options.loaders, shard, sources, kernelOptions };
}
