// Paths that a configuration names.
import { resolve } from 'node:path';

/**
 * The file that a path of a configuration means: a relative path begins at the folder of the configuration, an absolute one stays.
 * Every key with a path uses this, so that all of them agree.
 * @param directory the folder of the configuration
 */
export function configuredPath(directory: string, path: string): string {
  return resolve(directory, path);
}
