// Reads the plan from corematrix.yaml and arguments, for `run` and `plan` alike.
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { configuredPath } from '../base/configured-path.ts';
import { cacheRoot } from '../base/files.ts';
import { readLock } from '../../kernels/lock.ts';
import type { KernelLock } from '../../kernels/sources/locked-entries.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { loadConfig, type PlacedConfig } from '../plan/config/load.ts';
import { checkedLoader } from './loader-option.ts';
import type { Config } from '../plan/config/schema.ts';
import { UserError } from '../base/errors.ts';
import { type Choose, chooseAll } from '../plan/choice/choice.ts';
import { kernelEntries } from '../plan/config/kernel-entries.ts';
import { chooseShard, parseShard, type Shard } from '../plan/choice/shard.ts';
import { chooseSince, type Since } from '../plan/choice/since.ts';
import { checkNotRedirected } from '../plan/untrusted/outside.ts';
import { refuseUntrusted } from '../plan/untrusted/refuse.ts';
import { type InputOptions, type Inputs, plainSources, readInputs } from '../plan/inputs/inputs.ts';
import { objectSources } from '../plan/inputs/object-sources.ts';
import { baselineOption } from './baseline.ts';
import { repeated } from './options.ts';
import { readResultsAt } from './results-files.ts';
import { SELECTOR_FORMS } from './selector-help.ts';
import { addTrustOptions, type TrustFlags, sourcesOf } from './trust-options.ts';
import { checkUntrustedOptions, isUntrusted, type UntrustedFlag, untrustedOption } from './untrusted.ts';
import { DEFAULT_SELECTOR } from '../../kernels/registry.ts';

export const CONFIG_NAME = 'corematrix.yaml';

export interface PlanOptions extends UntrustedFlag, TrustFlags {
  kernel?: string[];
  config?: string;
  out: string;
  refresh?: boolean;
  frozen?: boolean;
  shard?: Shard;
  baseline?: string;
  lastFailed?: boolean;
  onlyChanged?: boolean;
  history?: string;
  resume?: boolean;
  loader?: string[];
}

/** Which configuration to read. */
export interface ConfigOptions extends UntrustedFlag {
  /** The named one; without it, the one in this folder, if it exists. */
  config?: string | undefined;
}

export interface Plan {
  config: Config;
  /** The place of a value in the configuration. */
  at: PlacedConfig['at'];
  /** The folder to which names in the configuration are relative. */
  directory: string;
  selectors: readonly string[];
  inputs: Inputs;
  choose: Choose;
  /** Reads the lock file, if one is configured. */
  kernelOptions: () => Promise<KernelOptions>;
}

function repeatedLoader(value: string, before: string[] = []): string[] {
  return [...before, checkedLoader(value)];
}

/** Adds the options of a plan. */
export function addPlanOptions(command: Command): Command {
  command
    .argument('[object...]', 'BPF objects or patterns (default: those of the configuration)')
    .optionsGroup('What to run:')
    .option('-k, --kernel <selector>', `kernel selector, repeatable: ${SELECTOR_FORMS}`, repeated)
    .option('-c, --config <file>', `configuration file (default: ${CONFIG_NAME} in this folder, if it exists)`)
    .option(
      '--loader <name>',
      'loader of the objects, repeatable: libbpf@default, libbpf@1.1, cilium@0.22; each gets separate rows',
      repeatedLoader,
    )
    .addOption(untrustedOption())
    .addOption(new Option('--shard <i/n>', 'run only this part of the plan; "merge" joins the parts').argParser((text) => parseShard(text)))
    .addOption(baselineOption())
    .option(
      '--last-failed',
      'run only cells that failed or had no verdict, according to --baseline, or to the report folder if no baseline is given',
    )
    .option(
      '--only-changed',
      'run only cells whose object file or kernel changed since --baseline, or since the report folder if no baseline is given',
    )
    .option('--refresh', 'download the kernel indexes again')
    .option('--frozen', 'use only kernels that the lock file of the configuration pins; fail if one is no longer available');
  return addTrustOptions(command);
}

async function placedConfig(named: string | undefined): Promise<PlacedConfig & { directory: string }> {
  if (named !== undefined) return { ...(await loadConfig(named)), directory: dirname(resolve(named)) };
  const found = await access(CONFIG_NAME).then(
    () => true,
    () => false,
  );
  const placed = found ? await loadConfig(CONFIG_NAME) : { config: {}, at: () => CONFIG_NAME };
  return { ...placed, directory: process.cwd() };
}

/**
 * The configuration, which has passed the rules of untrusted ones if it is not trusted.
 * @throws UserError if it cannot be used
 */
async function findConfig({ config, ...trust }: ConfigOptions): Promise<PlacedConfig & { directory: string }> {
  if (!isUntrusted(trust)) return placedConfig(config);
  // Even an error about another file would show a part of it.
  const path = config ?? CONFIG_NAME;
  await checkNotRedirected('--config', path, dirname(resolve(path)));
  const found = await placedConfig(config);
  await refuseUntrusted(found, found.directory);
  return found;
}

/**
 * The objects of the arguments, with their settings and loaders from a configuration, as `run` loads them.
 * @throws UserError if the configuration cannot be used
 */
export async function readConfigured(objects: readonly string[], config: ConfigOptions, options: InputOptions = {}): Promise<Inputs> {
  const { directory, ...placed } = await findConfig(config);
  const { loaders = placed.config.loaders } = options;
  return readInputs(plainSources(objects, process.cwd()), { ...options, loaders, configured: objectSources(placed, directory) });
}

/** `-c` of commands that take objects as arguments. */
export function settingsOption(): Option {
  return new Option(
    '-c, --config <file>',
    `configuration with settings of the objects (default: ${CONFIG_NAME} in this folder, if it exists)`,
  );
}

/** The cells that the options select; all without options. */
async function chosenCells({ baseline, out, shard, lastFailed, onlyChanged }: PlanOptions): Promise<Choose> {
  const modes: Since[] = [
    ...(lastFailed === true ? ['last-failed' as const] : []),
    ...(onlyChanged === true ? ['only-changed' as const] : []),
  ];
  const read = async () => (await readResultsAt(baseline ?? out)).results;
  const earlier = baseline !== undefined || modes.length > 0 ? await read() : null;
  return chooseAll([
    // The report folder differs from machine to machine, but all shards must be cut alike.
    ...(shard ? [chooseShard(shard, baseline === undefined ? null : earlier)] : []),
    ...(earlier ? modes.map((mode) => chooseSince(mode, earlier)) : []),
  ]);
}

async function lockOf({ lock }: Config, directory: string, frozen: boolean): Promise<KernelLock | undefined> {
  if (lock !== undefined) return readLock(configuredPath(directory, lock));
  if (frozen)
    throw new UserError(
      `--frozen needs a lock file: "corematrix kernels lock -o kernels.lock.json", and lock: kernels.lock.json in ${CONFIG_NAME}`,
    );
  return undefined;
}

/**
 * Reads the configuration, the objects, and which cells earlier results leave to run.
 * @throws UserError for missing or wrong input; an unusable object is only a problem in `inputs`
 */
export async function readPlan(objects: readonly string[], options: PlanOptions): Promise<Plan> {
  const { config, at, directory } = await findConfig(options);
  if (isUntrusted(options)) await checkUntrustedOptions(options, directory);
  const configured = objectSources({ config, at }, directory);
  if (objects.length === 0 && configured.sources.length === 0)
    throw new UserError(
      `no object to run: name one, for example "corematrix run prog.bpf.o -k ${DEFAULT_SELECTOR}", or list objects in ${CONFIG_NAME} ("corematrix init" makes one)`,
    );
  const configuredKernels = kernelEntries(config, directory);
  const selectors = options.kernel ?? configuredKernels.map(({ selector }) => selector);
  if (selectors.length === 0)
    throw new UserError(`no kernel to run on: give -k, for example "-k ${DEFAULT_SELECTOR}", or list kernels in ${CONFIG_NAME}`);
  const choose = await chosenCells(options);
  const loaders = options.loader ?? config.loaders;
  const inputs =
    objects.length > 0
      ? await readInputs(plainSources(objects, process.cwd()), { configured, loaders })
      : await readInputs(configured, { loaders });
  const { refresh, frozen } = options;
  const kernelOptions = async () => {
    const lock = await lockOf(config, directory, frozen === true);
    const required = new Set(configuredKernels.flatMap((entry) => (entry.optional ? [] : [entry.selector])));
    const optional = configuredKernels.map(({ selector }) => selector).filter((selector) => !required.has(selector));
    return { cache: cacheRoot(), ...sourcesOf(options, config.mirrors), lock, refresh, frozen, optional: options.kernel ? [] : optional };
  };
  return { config, at, directory, selectors, inputs, choose, kernelOptions };
}
