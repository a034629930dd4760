// The objects of a configuration as sources to read.
import type { PlacedConfig } from '../config/load.ts';
import type { ObjectSources } from './inputs.ts';

/**
 * The entries of `objects` in a configuration, each with its settings and their places.
 * @param directory the folder of the configuration
 */
export function objectSources({ config, at }: PlacedConfig, directory: string): ObjectSources {
  const sources = (config.objects ?? []).map((entry, index) => {
    if (typeof entry === 'string') return { pattern: entry };
    const { path, name, ...settings } = entry;
    return { pattern: path, name, settings, at: (keys: readonly PropertyKey[]) => at(['objects', index, ...keys]) };
  });
  const { defaults } = config;
  return { sources, directory, ...(defaults && { defaults: { settings: defaults, at: (keys) => at(['defaults', ...keys]) } }) };
}
