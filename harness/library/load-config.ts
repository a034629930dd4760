// The configuration that a program or a command line names.
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigurationError } from '../base/errors.ts';
import { loadConfig as readConfig, PartlyUsable, type PlacedConfig } from '../plan/config/load.ts';
import { readInputs } from '../plan/inputs/inputs.ts';
import { objectSources } from '../plan/inputs/object-sources.ts';
import { checkOptions, type Rule, RULES } from './check-options.ts';
import { checkNotRedirected } from '../plan/untrusted/outside.ts';
import { refuseUntrusted } from '../plan/untrusted/refuse.ts';
import type { Caller } from '../plan/untrusted/rules.ts';
import { forProgram } from './program-words.ts';

/** The name of the configuration in a folder. */
export const CONFIG_NAME = 'corematrix.yaml';

/** A configuration that was read and checked. */
export interface LoadedConfig extends PlacedConfig {
  /** Its path as it was named; absent without a file. */
  file?: string;
  /** The folder to which names in the configuration are relative. */
  directory: string;
}

/** How to read a configuration. */
export interface ConfigOptions {
  /** True if another person wrote the configuration: it may then run no program, name no mirror, and read nothing outside its folder. */
  untrusted?: boolean | undefined;
}

/** The configuration of a program that has none: every setting has its default. */
export function emptyConfig(): LoadedConfig {
  return { config: {}, at: () => CONFIG_NAME, directory: process.cwd() };
}

/**
 * Adds to the faults of a configuration those of the settings of its objects, which are found by reading the objects.
 * @param file the path of the configuration
 */
async function withObjectFaults(file: string, error: unknown): Promise<unknown> {
  if (!(error instanceof PartlyUsable) || !error.rest.config.objects?.length) return error;
  const { problems } = await readInputs(objectSources(error.rest, dirname(resolve(file))));
  return new ConfigurationError(file, [...error.shown, ...problems], error.total + problems.length);
}

async function placedConfig(named: string | undefined): Promise<LoadedConfig> {
  if (named !== undefined) return { ...(await readConfig(named)), file: named, directory: dirname(resolve(named)) };
  const found = await access(CONFIG_NAME).then(
    () => true,
    () => false,
  );
  return found ? { ...(await readConfig(CONFIG_NAME)), file: CONFIG_NAME, directory: process.cwd() } : emptyConfig();
}

const OPTION_RULES = { untrusted: RULES.flag } as const satisfies Record<keyof ConfigOptions, Rule>;

/**
 * Reads and checks a configuration.
 * @param file its path (default: corematrix.yaml in the current folder; without that file, every setting has its default)
 * @throws ConfigurationError if it is not valid, with file, line and column
 * @throws UserError if the file cannot be read, or an untrusted configuration breaks a rule
 */
export async function loadConfig(file?: string, options: ConfigOptions = {}): Promise<LoadedConfig> {
  return forProgram(async () => {
    checkOptions({ name: 'loadConfig()', rules: { file: RULES.path } }, { file });
    checkOptions({ name: 'loadConfig()', rules: OPTION_RULES }, options);
    return readNamedConfig(file, options, 'program');
  });
}

/** The same for a command: errors name its options. */
export async function loadNamedConfig(file: string | undefined, options: ConfigOptions): Promise<LoadedConfig> {
  return readNamedConfig(file, options, 'command');
}

async function readNamedConfig(file: string | undefined, { untrusted = false }: ConfigOptions, caller: Caller): Promise<LoadedConfig> {
  if (!untrusted)
    return placedConfig(file).catch(async (error: unknown) => {
      throw await withObjectFaults(file ?? CONFIG_NAME, error);
    });
  // Even an error about another file would show a part of it.
  const path = file ?? CONFIG_NAME;
  await checkNotRedirected(caller === 'command' ? '--config' : 'loadConfig(): file:', path, dirname(resolve(path)));
  const found = await placedConfig(file);
  await refuseUntrusted(found, found.directory, caller);
  return found;
}
