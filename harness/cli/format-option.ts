// `--format` and what formats are rendered with.
import { InvalidArgumentError } from 'commander';
import { FORMAT_NAMES, type FormatName } from '../../reports/format-names.ts';
import type { RenderOptions } from '../../reports/options.ts';

/** Adds a format to those named before. */
export function repeatedFormat(value: string, before: readonly FormatName[] = []): FormatName[] {
  const name = FORMAT_NAMES.find((one) => one === value);
  if (name === undefined) throw new InvalidArgumentError(`Possible are ${FORMAT_NAMES.join(', ')}.`);
  return [...before, name];
}

/** Source files are shown relative to the checked-out repository on GitHub and GitLab, else to where the command was typed. */
export function renderOptions(env = process.env): RenderOptions {
  return { root: env.GITHUB_WORKSPACE ?? env.CI_PROJECT_DIR ?? process.cwd() };
}
