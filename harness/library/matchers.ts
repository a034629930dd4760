// What matchers of a test suite find out about an object, as vitest takes it.
import { explanationText } from '../../reports/terminal/explanation.ts';
import { InfraError, UserError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import type { CellProgram, Results } from '../results/schema.ts';
import { checkOptions, type Rule } from './check-options.ts';
import { explain } from './explain.ts';
import { predict, PREDICT_RULES, type PredictOptions } from './predict.ts';
import { run, RUN_RULES, type RunOptions } from './run.ts';

/** One kernel selector, or several. */
export type Selectors = string | readonly string[];

/** Options of `toLoadOn`: those of `run`. */
export type ToLoadOnOptions = Omit<RunOptions, 'objects' | 'kernels'>;

/** Options of `toBePredictedToLoadOn`: those of `predict`. */
export type PredictedOptions = Omit<PredictOptions, 'objects' | 'kernels' | 'onLoad'>;

/** The result of a matcher. */
export interface Loaded {
  pass: boolean;
  message: () => string;
}

function pathOf(object: unknown): string {
  if (typeof object === 'string') return object;
  throw new UserError(`expected the path of a BPF object, got ${object === null ? 'null' : typeof object}`);
}

const SELECTORS: Rule = {
  expected: 'a kernel selector such as "debian:6.12", or an array of at least one',
  holds: (value) =>
    typeof value === 'string' || (Array.isArray(value) && value.length > 0 && Array.from(value).every((each) => typeof each === 'string')),
};

// The matcher itself gives the objects and the kernels.
const { objects: _object, kernels: _kernels, ...TO_LOAD_ON_RULES } = RUN_RULES;
const { objects: _path, kernels: _selectors, onLoad: _onLoad, ...PREDICTED_RULES } = PREDICT_RULES;

/** @throws UserFaults without a selector */
function selectorsOf(name: string, selectors: Selectors): readonly string[] {
  checkOptions({ name, rules: { selectors: SELECTORS }, required: ['selectors'] }, { selectors });
  return typeof selectors === 'string' ? [selectors] : selectors;
}

/** The message of a failed matcher: what was expected, each failure in a line, and the causes with advice. */
function failureText(expected: string, failures: readonly string[], explanation: string): string {
  return [expected, ...failures.map((line) => `  ${line}`), '', explanation.trimEnd()].join('\n');
}

const isFailure = ({ status }: Pick<CellProgram, 'status'>) => status === 'fail' || status === 'xpass';

/** One line for each program that ended unexpectedly. */
function failuresIn({ cells }: Results): string[] {
  return cells.flatMap(({ kernel, programs, status, reason }) => {
    const failed = programs.filter(isFailure);
    if (failed.length === 0) return isFailure({ status }) ? [`${status} on ${kernel}: ${reason ?? ''}`] : [];
    return failed.map(
      (program) => `${program.status} ${program.name} on ${kernel}: ${program.reason ?? 'it loads, although a failure is declared'}`,
    );
  });
}

function checkVerdicts({ cells }: Results): void {
  const without = cells.find(({ status }) => status === 'infra' || status === 'not-run');
  if (without)
    throw new InfraError(`${without.object} has no verdict on ${without.kernel}: ${without.reason ?? 'the run was interrupted'}`);
}

/**
 * Loads an object in guests.
 * @param object its path
 * @throws InfraError if a cell has no verdict, and as `run` does
 */
export async function loadsOn(object: unknown, selectors: Selectors, options: ToLoadOnOptions = {}): Promise<Loaded> {
  const path = pathOf(object);
  const kernels = selectorsOf('toLoadOn()', selectors);
  const checked = checkOptions({ name: 'toLoadOn()', rules: TO_LOAD_ON_RULES }, options);
  const { results, problems } = await run({ ...checked, objects: [path], kernels }).finished;
  const [problem] = problems;
  if (problem !== undefined) throw new UserError(problem);
  const failures = failuresIn(results);
  if (failures.length === 0) {
    checkVerdicts(results);
    const message = () =>
      `expected ${path} not to load on ${kernels.join(', ')}, but all of its programs load there (${plural(results.kernels.length, 'kernel')})`;
    return { pass: true, message };
  }
  const { explanation } = await explain({ results });
  const expected = `expected ${path} to load on ${kernels.join(', ')}:`;
  return { pass: false, message: () => failureText(expected, failures, explanationText(explanation, { colour: false })) };
}

/**
 * Predicts whether an object loads.
 * @param object its path
 * @throws as `predict` does
 */
export async function isPredictedToLoadOn(object: unknown, selectors: Selectors, options: PredictedOptions = {}): Promise<Loaded> {
  const path = pathOf(object);
  const kernels = selectorsOf('toBePredictedToLoadOn()', selectors);
  const checked = checkOptions({ name: 'toBePredictedToLoadOn()', rules: PREDICTED_RULES }, options);
  const { prediction, problems } = await predict({ ...checked, objects: [path], kernels });
  const [problem] = problems;
  if (problem !== undefined) throw new UserError(problem);
  const failures = prediction.cells.flatMap(({ kernel, programs }) =>
    programs.flatMap(({ name, predicted }) => (predicted ? [`${predicted.status} ${name} on ${kernel}: ${predicted.reason}`] : [])),
  );
  if (failures.length === 0) {
    const message = () =>
      `expected ${path} to be predicted to fail on ${kernels.join(', ')}, but no failure is certain there (${plural(prediction.kernels.length, 'kernel')})`;
    return { pass: true, message };
  }
  const { config, loader } = checked;
  const { explanation } = await explain({ objects: [path], kernels, config, loader });
  const expected = `expected no failure to be predicted for ${path} on ${kernels.join(', ')}:`;
  return { pass: false, message: () => failureText(expected, failures, explanationText(explanation, { colour: false })) };
}
