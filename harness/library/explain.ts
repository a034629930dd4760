// Root causes of failures, of objects by prediction or of the results of a run.
import { basename } from 'node:path';
import { NothingUsableError, UserError } from '../base/errors.ts';
import { cacheRoot } from '../base/files.ts';
import { explain as explainFailures } from '../explain/explain.ts';
import { seenFailures } from '../explain/failures.ts';
import { openKernels } from '../explain/kernel-cache.ts';
import { explainRun, keptExplanation } from '../explain/of-results.ts';
import { failuresByPrediction, objectsOfResults } from '../explain/sources.ts';
import type { PullMissing } from '../kernel-btf/kernels.ts';
import { loaderNotes } from '../plan/inputs/loader-notes.ts';
import { fixedOffsetNotes } from '../predict/fixed-offsets.ts';
import type { Explanation } from '../results/explanation.ts';
import type { CellResult, Results } from '../results/schema.ts';
import { absentModules } from './absent-modules.ts';
import { chosenKernels, findChosenKernels, type NamedObjects, readConfigured } from './configured.ts';
import { checkOptions, type Rule, RULES } from './check-options.ts';
import { forProgram, linesInProgramWords } from './program-words.ts';
import { withPublicErrors } from './running.ts';

export interface ExplainObjects extends NamedObjects {
  /** Kernel selectors (default: the kernels of the configuration, else the newest kernel of every series in the kernel cache). */
  kernels?: readonly string[] | undefined;
  /** Downloads the kernels of a selector if the kernel cache has none of them (default: nothing is downloaded). */
  pull?: PullMissing | undefined;
  /** The loader of objects that name none: `libbpf@1.1` (default: `libbpf@default`). */
  loader?: string | undefined;
  results?: never;
}

export interface ExplainResults {
  results: Results;
  /** Only the failures of these cells: the id or series of a kernel, the id of an object, or both as `KERNEL/OBJECT` (default: all). */
  cell?: string | undefined;
  objects?: never;
}

/** A cell without a verdict: the guest or the machine failed, or the cell did not run. */
export interface CellWithoutVerdict extends Pick<CellResult, 'kernel' | 'object' | 'class'> {
  status: 'infra' | 'not-run';
  reason: string | null;
}

export interface Explained {
  explanation: Explanation;
  /** Cells of the results that have no verdict, so that nothing is known of their failures; empty for objects. */
  noVerdict: CellWithoutVerdict[];
  /** One line for every object or kernel that cannot be used. */
  problems: string[];
  /** One line for every peculiarity that changes nothing. */
  notes: string[];
}

async function explainObjects({ kernels, pull, loader, ...named }: ExplainObjects): Promise<Explained> {
  const inputs = await readConfigured(named, { bigEndian: true, loaders: loader === undefined ? undefined : [loader] });
  const found = await findChosenKernels(chosenKernels(kernels, named.config), inputs.objects.length > 0 ? pull : undefined);
  const problems = [...inputs.problems, ...found.problems];
  if (inputs.objects.length === 0) throw new NothingUsableError('no object can be used', problems);
  if (found.kernels.length === 0) throw new NothingUsableError('no kernel can be used', problems);
  problems.push(...(await absentModules(inputs.objects, found.kernels)));
  const cache = openKernels(found.kernels, (problem) => problems.push(problem));
  const { failures, recordsOf } = await failuresByPrediction(inputs.objects, cache);
  const explanation = await explainFailures(failures, inputs.objects, cache, recordsOf);
  return { explanation, noVerdict: [], problems, notes: [...loaderNotes(inputs.objects), ...fixedOffsetNotes(inputs.objects)] };
}

/** The cells that an argument names: the id or series of a kernel, the id of an object, or both as KERNEL/OBJECT. */
function wantedCells({ kernels, objects }: Results, cell: string | undefined): (kernel: string, object: string) => boolean {
  if (cell === undefined) return () => true;
  const at = cell.indexOf('/');
  const words = at < 0 ? [cell] : [cell.slice(0, at), cell.slice(at + 1)];
  const isKernel = (word: string) => kernels.filter(({ id, series, release }) => [id, series, release].includes(word)).map(({ id }) => id);
  const isObject = (word: string) => objects.filter(({ id, path }) => [id, basename(path)].includes(word)).map(({ id }) => id);
  const wanted = words.map((word) => ({ kernels: isKernel(word), objects: isObject(word) }));
  const unknown = words.find((_, index) => wanted[index]?.kernels.length === 0 && wanted[index].objects.length === 0);
  if (unknown !== undefined) {
    const known = `kernels ${kernels.map(({ series }) => series).join(', ')}; objects ${objects.map(({ id }) => id).join(', ')}`;
    throw new UserError(`no kernel or object '${unknown}' in these results; there are ${known}`);
  }
  return (kernel, object) => wanted.every((word) => word.kernels.includes(kernel) || word.objects.includes(object));
}

function cellsWithoutVerdict({ cells }: Results, wanted: (kernel: string, object: string) => boolean): CellWithoutVerdict[] {
  return cells.flatMap(({ kernel, object, status, class: failure, reason }) => {
    if ((status !== 'infra' && status !== 'not-run') || !wanted(kernel, object)) return [];
    return [{ kernel, object, status, class: failure, reason }];
  });
}

async function explainResults({ results, cell }: ExplainResults): Promise<Explained> {
  const wanted = wantedCells(results, cell);
  const problems: string[] = [];
  const objects = await objectsOfResults(results);
  const all = keptExplanation(results) ?? (await explainRun(results, objects, cacheRoot(), (problem) => problems.push(problem)));
  const met = new Set(seenFailures(results, wanted).map(({ kernel, object, program }) => JSON.stringify([kernel, object, program])));
  // A cause is shown with all cells that have it.
  const causes = all.causes.filter(({ places }) =>
    places.some(({ object, program, fails, behind }) =>
      [...fails, ...behind].some((kernel) => met.has(JSON.stringify([kernel, object, program]))),
    ),
  );
  const semanticChanges = all.semanticChanges.filter(({ object, kernels }) => kernels.some((kernel) => wanted(kernel, object)));
  const moved = all.movedArguments?.filter(({ object, parameters }) =>
    parameters.some(({ kernels }) => kernels.some((kernel) => wanted(kernel, object))),
  );
  const guarded = all.guarded.filter(({ object, kernels }) => kernels.some((kernel) => wanted(kernel, object)));
  return {
    noVerdict: cellsWithoutVerdict(results, wanted),
    explanation: { ...all, causes, semanticChanges, ...(moved && { movedArguments: moved }), guarded },
    problems,
    notes: fixedOffsetNotes(objects),
  };
}

const OBJECTS_RULES = {
  objects: RULES.paths,
  kernels: RULES.selectors,
  config: RULES.config,
  pull: RULES.callback,
  loader: RULES.loader,
} as const satisfies Record<Exclude<keyof ExplainObjects, 'results'>, Rule>;

const RESULTS_RULES = { results: RULES.results, cell: RULES.text } as const satisfies Record<
  Exclude<keyof ExplainResults, 'objects'>,
  Rule
>;

/** Without objects and without results, both are named. */
const EITHER_RULES = {
  ...OBJECTS_RULES,
  ...RESULTS_RULES,
  objects: { ...OBJECTS_RULES.objects, expected: 'an array of paths, or `results`' },
};

/**
 * Finds the root causes of failures and what to write instead: of objects from BTF alone, or of the results of a run. It starts no guest,
 * and downloads only what `pull` does.
 * @throws NothingUsableError if no object or no kernel can be used
 * @throws UserError for wrong input, such as a cell that the results do not have
 * @throws InfraError if this machine fails
 * @example see docs/library.md
 */
export async function explain(options: ExplainObjects | ExplainResults): Promise<Explained> {
  const { problems, notes, ...found } = await forProgram(async () => explainFailuresOf(checkExplain(options)));
  return { ...found, problems: linesInProgramWords(problems), notes: linesInProgramWords(notes) };
}

/** The options name objects or results, so that each has its own. */
function checkExplain<Options>(options: Options): Options {
  const has = (key: string) => typeof options === 'object' && options !== null && key in options && Reflect.get(options, key) !== undefined;
  if (has('results')) return checkOptions({ name: 'explain() of results', rules: RESULTS_RULES }, options);
  return checkOptions({ name: 'explain()', rules: has('objects') ? OBJECTS_RULES : EITHER_RULES, required: ['objects'] }, options);
}

/** The same for a command: errors name its options. */
export async function explainFailuresOf(options: ExplainObjects | ExplainResults): Promise<Explained> {
  return withPublicErrors(async () => (options.results ? explainResults(options) : explainObjects(options)));
}
