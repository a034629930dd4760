// The objects that a program or a command line names, with their settings from a configuration.
import { UserError, UserFaults } from '../base/errors.ts';
import { unknownRelease } from '../base/libbpf-releases.ts';
import { cacheRoot } from '../base/files.ts';
import { findKernels, type FoundKernels, type PullMissing } from '../kernel-btf/kernels.ts';
import { kernelEntries } from '../plan/config/kernel-entries.ts';
import { type InputOptions, type Inputs, plainSources, readInputs } from '../plan/inputs/inputs.ts';
import { objectSources } from '../plan/inputs/object-sources.ts';
import { CONFIG_NAME, emptyConfig, type LoadedConfig } from './load-config.ts';

/** The objects of a prediction, an explanation or a search. */
export interface NamedObjects {
  /** Paths or patterns of BPF objects, relative to the current folder (if empty: the objects of the configuration). */
  objects: readonly string[];
  /** Settings of the objects, and the default kernels (default: none). */
  config?: LoadedConfig | undefined;
}

/**
 * Refuses releases of libbpf that this version does not know, once each with its place.
 * @throws UserFaults
 */
function checkKnownReleases({ config, at }: LoadedConfig, { overrulingLoader, loaders }: InputOptions): void {
  const named = [...(loaders ?? []), ...(overrulingLoader === undefined ? [] : [overrulingLoader])];
  const typed = named.map((loader) => ({ loader, place: '--loader' }));
  const configured = named.length > 0 ? [] : (config.loaders ?? []).map((loader, index) => ({ loader, place: at(['loaders', index]) }));
  const faults = [...typed, ...configured].flatMap(({ loader, place }) => {
    const fault = unknownRelease(loader);
    return fault === null ? [] : [`${place}: ${fault}`];
  });
  if (faults.length > 0) throw new UserFaults('loaders', faults);
}

/**
 * Reads objects with their settings and loaders from a configuration, as `run` loads them.
 * @throws UserError if neither the caller nor the configuration names an object
 */
export async function readConfigured({ objects, config = emptyConfig() }: NamedObjects, options: InputOptions = {}): Promise<Inputs> {
  const { directory, file, ...placed } = config;
  const { loaders = placed.config.loaders } = options;
  checkKnownReleases(config, options);
  const configured = objectSources(placed, directory);
  if (objects.length > 0) return readInputs(plainSources(objects, process.cwd()), { ...options, loaders, configured });
  if (configured.sources.length === 0 && file !== undefined)
    throw new UserError(`${file}: it lists no objects; add objects:, or name an object on the command line`, {
      inProgram: `${file}: it lists no objects; add objects:, or give \`objects\``,
    });
  if (configured.sources.length === 0)
    throw new UserError(`no object: name one, or list objects in ${CONFIG_NAME} ("corematrix init" makes one)`, {
      inProgram: 'no object: give `objects`, or a `config` that lists objects',
    });
  return readInputs(configured, { ...options, loaders });
}

/** The kernels of a command. */
export interface ChosenKernels {
  /** Those that the caller names, else those of the configuration; empty without both. */
  selectors: readonly string[];
  /** Selectors whose kernels may be missing. */
  optional: string[];
  /** Where the configuration names each selector, as `file:line:column`. */
  places?: ReadonlyMap<string, string>;
}

/** The kernels that the caller names, else those of a configuration. */
export function chosenKernels(
  named: readonly string[] | undefined,
  { config, directory, at }: LoadedConfig = emptyConfig(),
): ChosenKernels {
  if (named !== undefined) return { selectors: named, optional: [] };
  const configured = kernelEntries(config, directory);
  const required = new Set(configured.flatMap(({ selector, optional }) => (optional ? [] : [selector])));
  const selectors = configured.map(({ selector }) => selector);
  const places = new Map(selectors.map((selector, index) => [selector, at(['kernels', index])]));
  return { selectors, optional: selectors.filter((selector) => !required.has(selector)), places };
}

/**
 * The kernels in the kernel cache that a choice means; without selectors the newest of every series. An optional kernel that is not in
 * the cache is left out.
 * @param pull downloads the kernels of a selector if the cache has none of them (default: a missing kernel is a problem)
 */
export async function findChosenKernels({ selectors, optional, places }: ChosenKernels, pull?: PullMissing): Promise<FoundKernels> {
  const found = await Promise.all(
    optional.map(async (selector) => ((await findKernels([selector], cacheRoot())).kernels.length > 0 ? [selector] : [])),
  );
  const used = [...selectors.filter((selector) => !optional.includes(selector)), ...found.flat()];
  if (used.length === 0 && selectors.length > 0) return { kernels: [], problems: [] };
  const { kernels, problems } = await findKernels(used, cacheRoot(), pull);
  const placed = problems.map((problem) => {
    const selector = used.find((each) => problem.startsWith(`${each}: `));
    const place = selector === undefined ? undefined : places?.get(selector);
    return place === undefined ? problem : `${place}: ${problem}`;
  });
  return { kernels, problems: placed };
}
