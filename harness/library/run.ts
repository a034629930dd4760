// Runs of the matrix.
import { NothingUsableError, UserFaults } from '../base/errors.ts';
import { cacheRoot } from '../base/files.ts';
import { unlessInterrupted } from '../base/interrupted.ts';
import { type Gate, GATES } from '../base/vocabulary.ts';
import type { Config } from '../plan/config/schema.ts';
import type { Expectation } from '../plan/expectations/expectation-schema.ts';
import { describeExpectation, sortByExpiry } from '../plan/expectations/expectations.ts';
import { loaderNotes } from '../plan/inputs/loader-notes.ts';
import { fixedOffsetNotes } from '../predict/fixed-offsets.ts';
import type { Results } from '../results/schema.ts';
import type { Emit } from '../run/events.ts';
import { checkGuestMachine } from '../setup/guest-machine.ts';
import type { Journal } from '../run/journal.ts';
import { run as runCells } from '../run/run.ts';
import type { RunRequest } from '../run/run-request.ts';
import type { TimeLimits } from '../run/time-limits.ts';
import { ensureAgents } from './agents.ts';
import { checkReleases } from './loader-releases.ts';
import { type Plan, type PlanOptions, readPlan } from './plan.ts';
import { checkOptions, membersOf, oneOf, type Rule, RULES, signalOf } from './check-options.ts';
import { eventInProgramWords, forProgram, linesInProgramWords } from './program-words.ts';
import { type Running, startWork } from './running.ts';
import { withExplanation } from './with-explanation.ts';

/** Rules that `results.run.policy` repeats, for the exit code of a command line. */
export interface Policy {
  gate?: Gate | undefined;
  failOnFlaky?: boolean | undefined;
  maxInfra?: number | undefined;
}

/** How to run a plan. The configuration gives the default of each, if it has the key. */
export interface RunSettings {
  /** Maximum number of guests at the same time; fewer if memory is short (default: the number of processors). */
  jobs?: number | undefined;
  /** Accelerator of the guests (default: `auto`, KVM if a test guest runs under it). */
  accel?: 'auto' | 'kvm' | 'tcg' | undefined;
  /** Guest of each cell (default: `snapshot`, a private copy of a booted guest). */
  isolation?: 'snapshot' | 'boot' | undefined;
  /** Time limit of a cell, in seconds (default: 300, 60 under KVM). */
  timeout?: number | undefined;
  /** Time limit of the boot of a kernel, in seconds (default: 90, 30 under KVM). */
  bootTimeout?: number | undefined;
  /** Whether cells that are predicted to fail run first (default: false). */
  predictFirst?: boolean | undefined;
  /** Whether a valid verdict of an earlier run is reused (default: true). */
  cache?: boolean | undefined;
  policy?: Policy | undefined;
  /** The command line that the results name (default: one that runs the same plan). */
  command?: readonly string[] | undefined;
}

export interface RunOptions extends PlanOptions, RunSettings {
  /** Ends all guests and downloads. The results then have the finished cells; the others are `not-run`. */
  signal?: AbortSignal | undefined;
}

export const RUN_RULES = {
  objects: RULES.paths,
  kernels: RULES.selectors,
  loaders: RULES.loaders,
  config: RULES.config,
  shard: RULES.shard,
  baseline: RULES.results,
  lastFailed: RULES.results,
  onlyChanged: RULES.results,
  refresh: RULES.flag,
  frozen: RULES.flag,
  mirrors: RULES.addresses,
  trustMirrors: RULES.addresses,
  mirrorKeys: RULES.paths,
  jobs: RULES.wholeAbove0,
  accel: RULES.accel,
  isolation: oneOf(['snapshot', 'boot']),
  timeout: RULES.seconds,
  bootTimeout: RULES.seconds,
  predictFirst: RULES.flag,
  cache: RULES.flag,
  policy: membersOf({ gate: oneOf(GATES), failOnFlaky: RULES.flag, maxInfra: RULES.whole }),
  command: RULES.words,
  signal: RULES.signal,
} as const satisfies Record<keyof RunOptions, Rule>;

export interface FinishedRun {
  /** With the root causes of the failures, unless the run was interrupted. `results.run.complete` is false after an interrupt. */
  results: Results;
  /** One line for every object that cannot be used; the others have run. */
  problems: string[];
  /** One line for every peculiarity of objects and expectations. */
  notes: string[];
}

/** The policy of the configuration, overridden by settings; undefined without both. */
function policyOf({ gate, failOnFlaky, maxInfra }: Policy = {}, { policy }: Config): Results['run']['policy'] {
  const typed = { ...(gate && { gate }), ...(failOnFlaky === true && { failOnFlaky }), ...(maxInfra !== undefined && { maxInfra }) };
  const whole = { ...policy, ...typed };
  return Object.keys(whole).length === 0 ? undefined : whole;
}

/** The limits in milliseconds; settings and configuration have seconds. */
function limitsOf({ timeout, bootTimeout }: RunSettings, config: Config): TimeLimits {
  const [cell, boot] = [timeout ?? config.timeout, bootTimeout ?? config.bootTimeout];
  return { cellMs: cell && cell * 1000, bootMs: boot && boot * 1000 };
}

/** The expectations that apply today. */
export function activeExpectations({ config: { config } }: Plan): readonly Expectation[] {
  return sortByExpiry(config.expectations ?? [], new Date()).active;
}

/** One line for every peculiarity of a plan that stops nothing. */
export function planNotes({ inputs: { objects }, config: { config, at } }: Plan): string[] {
  const { expectations = [] } = config;
  const { expired } = sortByExpiry(expectations, new Date());
  const ignored = expired.map((one) => {
    const place = at(['expectations', expectations.indexOf(one)]);
    return `${place}: the expectation for ${describeExpectation(one)} expired on ${one.expires ?? ''} and is ignored`;
  });
  return [...loaderNotes(objects), ...fixedOffsetNotes(objects), ...ignored];
}

/** How the command line runs a plan. */
export interface PlannedRunSettings extends RunSettings {
  command: readonly string[];
  /** Opens the journal of finished cells, once the agents are there (default: no journal). */
  journal?: (() => Promise<Journal>) | undefined;
}

/** Runs a plan and explains its failures. */
export async function runPlan(plan: Plan, settings: PlannedRunSettings, emit: Emit, signal: AbortSignal): Promise<Results> {
  const { inputs, selectors, choose, shard, sources } = plan;
  const { config } = plan.config;
  const { faults } = await unlessInterrupted(signal, checkReleases(plan));
  if (faults.length > 0) throw new UserFaults('loaders', faults);
  const agents = await unlessInterrupted(signal, ensureAgents(inputs.objects, sources, emit));
  const request: RunRequest = {
    objects: inputs.objects,
    selectors,
    kernelOptions: { ...(await plan.kernelOptions()), signal, onProgress: emit },
    cache: cacheRoot(),
    ...agents,
    expectations: activeExpectations(plan),
    isolation: settings.isolation ?? config.isolation ?? 'snapshot',
    accel: settings.accel ?? 'auto',
    jobs: settings.jobs ?? config.jobs,
    limits: limitsOf(settings, config),
    journal: await settings.journal?.(),
    verdicts: (settings.cache ?? config.cache) === false ? 'renew' : 'reuse',
    command: [...settings.command],
    predictFirst: settings.predictFirst === true,
    policy: policyOf(settings.policy, config),
    shard,
    choose,
  };
  const ran = await runCells(request, emit, signal);
  return withExplanation(ran, inputs.objects, (text) => emit({ kind: 'note', text: `note: ${text}` }));
}

/** A command line that runs the same objects on the same kernels. */
function commandOf({ objects = [], kernels = [], loaders = [], config }: PlanOptions): string[] {
  const named = config?.file === undefined ? [] : ['-c', config.file];
  const options = [...kernels.flatMap((kernel) => ['-k', kernel]), ...loaders.flatMap((loader) => ['--loader', loader])];
  return ['corematrix', 'run', ...objects, ...named, ...options];
}

/**
 * Loads objects on real kernels, each cell in a fresh guest, and explains the failures. It needs QEMU, and downloads kernels that the kernel
 * cache lacks. A program that fails on a kernel is a result, not an error.
 *
 * These errors reject `finished`: NothingUsableError if no object can be used, UserError for other wrong input, InfraError if nothing can
 * run, and the reason of the signal if it aborts before the first cell is planned.
 * @returns the run, which has started: its events, and `finished` with the results
 * @example see docs/library.md
 */
export function run(options: RunOptions): Running<FinishedRun> {
  return startWork(async (emit, signal) => {
    const inWords: Emit = (event) => emit(eventInProgramWords(event));
    const work = async () => runOptions(checkOptions({ name: 'run()', rules: RUN_RULES }, options), inWords, signal);
    return forProgram(work, { '--loader': '`loaders`' });
  }, signalOf(options));
}

async function runOptions(options: RunOptions, emit: Emit, signal: AbortSignal): Promise<FinishedRun> {
  await checkGuestMachine();
  const plan = await readPlan(options);
  const { problems, objects } = plan.inputs;
  if (objects.length === 0) throw new NothingUsableError('no object can be used', problems);
  const notes = planNotes(plan);
  for (const text of [...problems, ...notes]) emit({ kind: 'note', text });
  const command = options.command ?? commandOf(options);
  const results = await runPlan(plan, { ...options, command }, emit, signal);
  return { results, problems: linesInProgramWords(problems), notes: linesInProgramWords(notes) };
}
