// The kernels that a configuration names.
import { isAbsolute, join, relative } from 'node:path';
import type { Config } from './schema.ts';

export interface KernelEntry {
  selector: string;
  /** Whether the run may do without. */
  optional: boolean;
}

/** The kernels of a configuration; those in files are relative to it, and named from where the program runs. */
export function kernelEntries({ kernels = [] }: Pick<Config, 'kernels'>, directory: string): KernelEntry[] {
  const fromHere = (selector: string) => {
    const [, kind, path = ''] = /^(file|deb):(.+)$/s.exec(selector) ?? [];
    if (kind === undefined || isAbsolute(path) || directory === process.cwd()) return selector;
    return `${kind}:${relative(process.cwd(), join(directory, path))}`;
  };
  return kernels.map((entry) => {
    const { selector, optional = false } = typeof entry === 'string' ? { selector: entry } : entry;
    return { selector: fromHere(selector), optional };
  });
}
