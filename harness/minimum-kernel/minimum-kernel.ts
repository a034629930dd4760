// Finds the load ranges of an object's programs: predicts all kernels, then runs guests on the kernels that decide.
import { planKernels } from '../../kernels/plan.ts';
import { pullKernel } from '../../kernels/pull.ts';
import type { PlannedKernel } from '../../kernels/registered.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { blocking, weightOf } from '../base/blocking.ts';
import { predictionOf } from '../predict/predict-object.ts';
import { run } from '../run/run.ts';
import type { RunRequest } from '../run/run-request.ts';
import { typesOf } from '../run/kernel-types.ts';
import type { Emit } from '../run/events.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import type { CellProgram, CellResult } from '../results/schema.ts';
import type { FailureClass } from '../base/failures.ts';
import { nextProbes, type Observed, type Search, stretches } from './search.ts';

/** Increased when the meaning of a field changes. */
const FORMAT_VERSION = 1;

/** A range of kernels by id. `seen` are the kernels in it that guests ran. */
export interface LoadRange {
  from: string;
  to: string;
  status: 'pass' | 'fail';
  seen: string[];
  /** Distinct reasons of the failures at its ends. */
  reasons: { kernel: string; class: FailureClass | null; reason: string }[];
}

export interface ProgramRanges {
  name: string;
  /** Oldest and newest kernel on which the program loads; null if there is none. */
  oldest: string | null;
  newest: string | null;
  /** Ranges on which the program does not load, although it loads on older and newer kernels. */
  gaps: LoadRange[];
  stretches: LoadRange[];
  /** Predictions that guests contradicted. */
  surprises: string[];
}

export interface MinimumKernels {
  schemaVersion: typeof FORMAT_VERSION;
  object: string;
  kernels: { id: string; series: string; version: string }[];
  programs: ProgramRanges[];
  /** Kernels that guests ran, in the order in which they were tried. */
  tried: string[];
  /** Kernels without a verdict, and why. */
  without: { kernel: string; reason: string }[];
}

export interface MinimumKernelRequest {
  object: RunObject;
  /** All options of a run except its cells. */
  run: Omit<RunRequest, 'objects' | 'choose'>;
}

type Verdict = Pick<CellProgram, 'class' | 'reason'> & { observed: Observed };

/** Predicts every program on a kernel; null if the kernel would have to be downloaded first. */
async function expectedOn(kernel: PlannedKernel, object: RunObject, options: KernelOptions): Promise<Map<string, 'pass' | 'fail'> | null> {
  if (!(await kernel.isCached(options.cache))) return null;
  const image = await pullKernel(kernel, options);
  const found = await typesOf(image)();
  if (!found.readable) return null;
  const predict = await predictionOf(object, { release: image.release, types: found.kernel });
  const { programs } = await blocking(weightOf([object.bpf]), predict);
  return new Map(programs.map(({ name, failure, possible }) => [name, failure || possible ? 'fail' : 'pass']));
}

function verdictsOf(cell: CellResult): Map<string, Verdict> {
  return new Map(
    cell.programs.map(({ name, status, class: failure, reason }) => {
      const observed = status === 'pass' || status === 'fail' ? status : 'none';
      return [name, { observed, class: failure, reason }];
    }),
  );
}

/** Fills unknown predictions with that of the nearest older kernel, else of the nearest newer one. */
function filled(known: readonly ('pass' | 'fail' | null)[]): ('pass' | 'fail')[] {
  return known.map(
    (one, at) => one ?? known.slice(0, at).findLast((each) => each !== null) ?? known.find((each) => each !== null) ?? 'pass',
  );
}

interface State {
  planned: readonly PlannedKernel[];
  expected: readonly (Map<string, 'pass' | 'fail'> | null)[];
  seen: Map<number, Map<string, Verdict>>;
}

function searchOf({ planned, expected, seen }: State, program: string): Search {
  return {
    expected: filled(expected.map((one) => one?.get(program) ?? null)),
    observed: planned.map((_, at) => {
      const verdicts = seen.get(at);
      return verdicts ? (verdicts.get(program)?.observed ?? 'none') : null;
    }),
  };
}

function programRanges(state: State, name: string): ProgramRanges {
  const { planned, seen } = state;
  const search = searchOf(state, name);
  const idAt = (at: number) => planned[at]?.id ?? '';
  const all = stretches(search).map(({ from, to, status }): LoadRange => {
    const places = [...seen.keys()].filter((at) => at >= from && at <= to && search.observed[at] === status).toSorted((a, b) => a - b);
    const failures = status === 'pass' ? [] : places;
    const reasons = failures.map((at) => ({
      kernel: idAt(at),
      class: seen.get(at)?.get(name)?.class ?? null,
      reason: seen.get(at)?.get(name)?.reason ?? '',
    }));
    const distinct = reasons.filter(({ reason }, index) => reasons.findIndex((other) => other.reason === reason) === index);
    return { from: idAt(from), to: idAt(to), status, seen: places.map(idAt), reasons: distinct };
  });
  const passing = all.filter(({ status }) => status === 'pass');
  const surprises = search.observed.flatMap((one, at) => {
    // A kernel that was not in the cache has no prediction, so nothing can contradict it.
    const predicted = state.expected[at]?.get(name);
    return predicted !== undefined && one !== null && one !== 'none' && one !== predicted ? [idAt(at)] : [];
  });
  return {
    name,
    oldest: passing[0]?.from ?? null,
    newest: passing.at(-1)?.to ?? null,
    gaps: all.filter((each, at) => each.status === 'fail' && at > 0 && at < all.length - 1),
    stretches: all,
    surprises,
  };
}

/**
 * Finds the load range of each program of an object. Kernels between two kernels that both confirmed their prediction are not tried.
 * @throws UserError for selectors without a kernel
 */
export async function findMinimumKernel(
  { object, run: request }: MinimumKernelRequest,
  emit: Emit,
  signal: AbortSignal,
): Promise<MinimumKernels> {
  const planned = await planKernels([...request.selectors], request.kernelOptions);
  const expected: State['expected'][number][] = [];
  for (const kernel of planned) expected.push(await expectedOn(kernel, object, request.kernelOptions));
  const state: State = { planned, expected, seen: new Map() };
  const names = object.result.programs.map(({ name }) => name);
  const tried: string[] = [];
  const without: MinimumKernels['without'] = [];
  for (;;) {
    const probes = new Set(names.flatMap((name) => nextProbes(searchOf(state, name))));
    if (probes.size === 0 || signal.aborted) break;
    const wanted = new Set([...probes].flatMap((at) => planned[at]?.id ?? []));
    const choose = () => (kernel: string) => (wanted.has(kernel) ? ('run' as const) : ('elsewhere' as const));
    const { cells } = await run({ ...request, objects: [object], choose }, emit, signal);
    for (const at of [...probes].toSorted((a, b) => a - b)) {
      const id = planned[at]?.id ?? '';
      const cell = cells.find(({ kernel }) => kernel === id);
      tried.push(id);
      state.seen.set(at, cell ? verdictsOf(cell) : new Map());
      if (!cell || cell.status === 'infra') without.push({ kernel: id, reason: cell?.reason ?? 'it was not run' });
    }
  }
  return {
    schemaVersion: FORMAT_VERSION,
    object: object.result.id,
    kernels: planned.map(({ id, series, version }) => ({ id, series, version })),
    programs: names.map((name) => programRanges(state, name)),
    tried,
    without,
  };
}
