// Reads the plan from corematrix.yaml and arguments, for `run` and `plan` alike.
import { type Command, Option } from 'commander';
import { CONFIG_NAME, loadNamedConfig, type LoadedConfig } from '../library/load-config.ts';
import { type Plan, type PlanOptions as LibraryPlanOptions, readPlan as readLibraryPlan } from '../library/plan.ts';
import { parseShard, type Shard } from '../plan/choice/shard.ts';
import { planBaselineOption } from './baseline.ts';
import { checkedLoader } from './loader-option.ts';
import { repeated } from './options.ts';
import { readResultsAt } from './results-files.ts';
import { SELECTOR_FORMS } from './selector-help.ts';
import { addTrustOptions, namedSources, type TrustFlags } from './trust-options.ts';
import { checkUntrustedOptions, isUntrusted, type UntrustedFlag, untrustedOption } from './untrusted.ts';

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

type EarlierResults = Pick<LibraryPlanOptions, 'baseline' | 'lastFailed' | 'onlyChanged'>;

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
    .addOption(planBaselineOption())
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

/**
 * The configuration, which has passed the rules of untrusted ones if it is not trusted.
 * @throws UserError if it cannot be used
 */
export async function findConfig({ config, ...trust }: ConfigOptions): Promise<LoadedConfig> {
  return loadNamedConfig(config, { untrusted: isUntrusted(trust) });
}

/** `-c` of commands that read the same configuration as `run`. */
export function settingsOption(): Option {
  return new Option('-c, --config <file>', `configuration, as for "run" (default: ${CONFIG_NAME} in this folder, if it exists)`);
}

/** The results of an earlier run that the options need. */
async function earlierResults({ baseline, out, lastFailed, onlyChanged }: PlanOptions): Promise<EarlierResults> {
  if (baseline === undefined && lastFailed !== true && onlyChanged !== true) return {};
  const { results } = await readResultsAt(baseline ?? out);
  return {
    ...(baseline !== undefined && { baseline: results }),
    ...(lastFailed === true && { lastFailed: results }),
    ...(onlyChanged === true && { onlyChanged: results }),
  };
}

/**
 * Reads the configuration, the objects, and which cells earlier results leave to run.
 * @throws UserError for missing or wrong input; an unusable object is only a problem in `inputs`
 */
export async function readPlan(objects: readonly string[], options: PlanOptions): Promise<Plan> {
  const config = await findConfig(options);
  if (isUntrusted(options)) await checkUntrustedOptions(options, config.directory);
  const { kernel: kernels, loader: loaders, shard, refresh, frozen } = options;
  const named = { objects, kernels, loaders, config, shard, refresh, frozen, ...namedSources(options) };
  return readLibraryPlan({ ...named, ...(await earlierResults(options)) });
}
