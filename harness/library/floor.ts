// The search for the minimum kernel.
import { lockOf } from './plan.ts';
import { DEFAULT_SELECTOR } from '../../kernels/registry.ts';
import { UserError } from '../base/errors.ts';
import { DEFAULT_LIBBPF } from '../base/loader-name.ts';
import { cacheRoot } from '../base/files.ts';
import { findMinimumKernel, type MinimumKernels } from '../minimum-kernel/minimum-kernel.ts';
import type { Inputs, RunObject } from '../plan/inputs/inputs.ts';
import { checkGuestMachine } from '../setup/guest-machine.ts';
import { ensureAgents } from './agents.ts';
import { chosenKernels, readConfigured } from './configured.ts';
import { emptyConfig, type LoadedConfig } from './load-config.ts';
import type { Emit } from '../run/events.ts';
import { checkOptions, type Rule, RULES, signalOf } from './check-options.ts';
import { eventInProgramWords, forProgram } from './program-words.ts';
import { type Running, startWork } from './running.ts';
import type { RunSettings } from './run.ts';
import { type SourceOptions, sourcesOf } from './sources.ts';

export interface FloorOptions extends SourceOptions, Pick<RunSettings, 'jobs' | 'accel' | 'command'> {
  /** The path of the BPF object, relative to the current folder (default: the one of the configuration). */
  object?: string | undefined;
  /** Kernel selectors (default: the kernels of the configuration, else `debian:all`). */
  kernels?: readonly string[] | undefined;
  /** The loader of the object if it names none: `libbpf@1.1` (default: `libbpf@default`). */
  loader?: string | undefined;
  /** The settings of the object (default: none). */
  config?: LoadedConfig | undefined;
  /** Ends all guests and downloads. */
  signal?: AbortSignal | undefined;
}

const OPTION_RULES = {
  object: RULES.text,
  kernels: RULES.selectors,
  loader: RULES.loader,
  config: RULES.config,
  jobs: RULES.wholeAbove0,
  accel: RULES.accel,
  command: RULES.words,
  mirrors: RULES.addresses,
  trustMirrors: RULES.addresses,
  mirrorKeys: RULES.paths,
  signal: RULES.signal,
} as const satisfies Record<keyof FloorOptions, Rule>;

/** The objects that are meant: of those that the configuration gives several loaders, the rows of the wanted one. */
async function meantObjects({ object: path, config, loader }: FloorOptions): Promise<Inputs> {
  const named = { objects: path === undefined ? [] : [path], config };
  const inputs = await readConfigured(named, { loaders: loader === undefined ? undefined : [loader] });
  if (loader === undefined || inputs.objects.length === 1) return inputs;
  const rowsOf = ({ objects }: Inputs) => objects.filter(({ result }) => (result.loader ?? DEFAULT_LIBBPF) === loader);
  // A row to which the configuration gives the loader comes before one that gets it from the caller.
  const configured = rowsOf(await readConfigured(named));
  return { ...inputs, objects: configured.length > 0 ? configured : rowsOf(inputs) };
}

async function oneObject(options: FloorOptions): Promise<RunObject> {
  const { object: path, loader } = options;
  const { objects: meant, problems } = await meantObjects(options);
  const [object] = meant;
  if (object && meant.length === 1) return object;
  const differ = loader === undefined && new Set(meant.map(({ result }) => result.loader)).size > 1;
  const advice = differ ? '; the configuration names several loaders: choose one with --loader' : '';
  throw new UserError(problems[0] ?? `${path ?? 'the configuration'}: name one object, this means ${meant.length}${advice}`);
}

/**
 * Finds the oldest and the newest kernel on which each program of an object loads, with as few guests as possible. It needs QEMU, and
 * downloads kernels that the kernel cache lacks.
 *
 * These errors reject `finished`: UserError for wrong input, InfraError if nothing can run, and the reason of the signal if it aborts.
 * @returns the search, which has started: its events, and `finished` with the kernels
 * @example see docs/library.md
 */
export function floor(options: FloorOptions): Running<MinimumKernels> {
  return startWork(async (emit, signal) => {
    const inWords: Emit = (event) => emit(eventInProgramWords(event));
    return forProgram(async () => searchFloor(checkOptions({ name: 'floor()', rules: OPTION_RULES }, options), inWords, signal));
  }, signalOf(options));
}

/** The same for a command: errors name its options. */
export function startFloor(options: FloorOptions): Running<MinimumKernels> {
  return startWork(async (emit, signal) => searchFloor(options, emit, signal), options.signal);
}

async function searchFloor(options: FloorOptions, emit: Emit, signal: AbortSignal): Promise<MinimumKernels> {
  await checkGuestMachine();
  const object = await oneObject(options);
  const { config = emptyConfig() } = options;
  const { selectors, optional, places } = chosenKernels(options.kernels, config);
  const kernels = selectors.length > 0 ? selectors : [DEFAULT_SELECTOR];
  const sources = sourcesOf(options, config);
  const lock = await lockOf(config, false);
  const agents = await ensureAgents([object], sources, emit);
  const request = {
    selectors: kernels,
    kernelOptions: { cache: cacheRoot(), ...sources, lock, optional, places, signal, onProgress: emit },
    cache: cacheRoot(),
    ...agents,
    expectations: [],
    isolation: 'snapshot' as const,
    accel: options.accel ?? 'auto',
    jobs: options.jobs,
    command: [
      ...(options.command ?? [
        'corematrix',
        'floor',
        ...(options.object === undefined ? [] : [options.object]),
        ...kernels.flatMap((kernel) => ['-k', kernel]),
      ]),
    ],
  };
  const found = await findMinimumKernel({ object, run: request }, emit, signal);
  signal.throwIfAborted();
  return found;
}
