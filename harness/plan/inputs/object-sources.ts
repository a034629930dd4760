// The objects of a configuration as sources to read.
import type { PlacedConfig } from '../config/load.ts';
import { placeAt } from '../settings/place.ts';
import type { ObjectSources } from './inputs.ts';

/**
 * The entries of `objects` in a configuration, each with its settings and their places.
 * @param directory the folder of the configuration
 */
export function objectSources({ config, at }: PlacedConfig, directory: string): ObjectSources {
  const sources = (config.objects ?? []).map((entry, index) => {
    if (typeof entry === 'string') return { pattern: entry, place: placeAt(at, ['objects', index]) };
    const { path, name, ...settings } = entry;
    const place = placeAt(at, ['objects', index, 'path']);
    return { pattern: path, name, place, settings, at: (keys: readonly PropertyKey[]) => at(['objects', index, ...keys]) };
  });
  const { defaults } = config;
  return { sources, directory, ...(defaults && { defaults: { settings: defaults, at: (keys) => at(['defaults', ...keys]) } }) };
}
