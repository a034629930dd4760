// The objects of a configuration as sources to read.
import type { PlacedConfig } from '../config/load.ts';
import type { ObjectSources } from './inputs.ts';

/**
 * What `objects` of a configuration names, each entry with its settings and where they stand.
 * @param directory the configuration's own
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
