// The kernels that a configuration names.
import { isAbsolute, relative } from 'node:path';
import { configuredPath } from '../../base/configured-path.ts';
import { withPath } from '../../../kernels/selector.ts';
import type { Config } from './schema.ts';

export interface KernelEntry {
  selector: string;
  /** Whether the run goes on without this kernel if it is not available. */
  optional: boolean;
}

/** The kernels of a configuration. Paths in selectors become relative to the current folder instead of `directory`. */
export function kernelEntries({ kernels = [] }: Pick<Config, 'kernels'>, directory: string): KernelEntry[] {
  const pathFromHere = (path: string) =>
    isAbsolute(path) || directory === process.cwd() ? path : relative(process.cwd(), configuredPath(directory, path));
  return kernels.map((entry) => {
    const { selector, optional = false } = typeof entry === 'string' ? { selector: entry } : entry;
    return { selector: withPath(selector, pathFromHere), optional };
  });
}
