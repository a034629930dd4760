// `--bundle`: whether the report folder holds what a rerun on another machine needs.
import { Option } from 'commander';
import { BUNDLE_FILE } from '../plan/bundle/schema.ts';
import { isOn } from './environment-flag.ts';

/** The options; without either of them, the environment decides. */
export function bundleOptions(): [Option, Option] {
  return [
    new Option(
      '--bundle',
      `write objects, settings, custom loaders, commands and custom BTF to ${BUNDLE_FILE} in the report folder, so that "rerun" works on ` +
        'another machine (default if CI=true)',
    ),
    new Option('--no-bundle', `write no ${BUNDLE_FILE}`),
  ];
}

/** Whether a bundle is written. */
export function wantsBundle(bundle: boolean | undefined, env: NodeJS.ProcessEnv = process.env): boolean {
  return bundle ?? isOn(env['CI']);
}
