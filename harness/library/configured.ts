// The objects that a program or a command line names, with their settings from a configuration.
import { type InputOptions, type Inputs, plainSources, readInputs } from '../plan/inputs/inputs.ts';
import { objectSources } from '../plan/inputs/object-sources.ts';
import { emptyConfig, type LoadedConfig } from './load-config.ts';

/** The objects of a prediction, an explanation or a search. */
export interface NamedObjects {
  /** Paths or patterns of BPF objects, relative to the current folder. */
  objects: readonly string[];
  /** Settings of the objects (default: none). */
  config?: LoadedConfig | undefined;
}

/** Reads objects with their settings and loaders from a configuration, as `run` loads them. */
export async function readConfigured({ objects, config = emptyConfig() }: NamedObjects, options: InputOptions = {}): Promise<Inputs> {
  const { directory, ...placed } = config;
  const { loaders = placed.config.loaders } = options;
  return readInputs(plainSources(objects, process.cwd()), { ...options, loaders, configured: objectSources(placed, directory) });
}
