// `--format`, `--html-assets` and the options of the formats.
import { InvalidArgumentError, Option } from 'commander';
import { DEFAULT_FORMATS, FORMAT_NAMES, type FormatName } from '../base/format-names.ts';
import { HTML_ASSETS, type RenderOptions } from '../../reports/model/render-options.ts';

/** Adds a format to those named before. */
function repeatedFormat(value: string, before: readonly FormatName[] = []): FormatName[] {
  const name = FORMAT_NAMES.find((one) => one === value);
  if (name === undefined) throw new InvalidArgumentError(`Allowed choices are ${FORMAT_NAMES.join(', ')}.`);
  return [...before, name];
}

/** `--format` of commands that run: the formats of the report folder. */
export function formatsOption(): Option {
  const text = `format to write to the report folder, repeatable: ${FORMAT_NAMES.join(', ')} (default: ${DEFAULT_FORMATS.join(', ')})`;
  return new Option('--format <name>', text).argParser(repeatedFormat);
}

/** `--html-assets`: for hosts whose content security policy forbids inline style and script. */
export function htmlAssetsOption(): Option {
  return new Option('--html-assets <where>', 'where style, script and data of index.html go: into the page, or into files beside it')
    .choices(HTML_ASSETS)
    .default('inline');
}

/** Source paths are relative to the checked-out repository on GitHub and GitLab, else to the current folder. */
export function renderOptions(env = process.env): RenderOptions {
  return { root: env.GITHUB_WORKSPACE ?? env.CI_PROJECT_DIR ?? process.cwd() };
}
