// Stryker's runner for Vitest, which answers from the first run of the tests what became of each mutant there.
import { appendFile, readFile } from 'node:fs/promises';
import { declareFactoryPlugin, type Injector, type PluginContext, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestRunner,
  TestStatus,
} from '@stryker-mutator/api/test-runner';
import { strykerPlugins as plugins } from '@stryker-mutator/vitest-runner';
import { ALONE, type FirstRun, formatLine, readFirstRun, RESULTS } from './results-file.ts';

const PATH = process.env[RESULTS] ?? '';

function killed(test: string, nrOfTests: number): MutantRunResult {
  return { status: MutantRunStatus.Killed, killedBy: [test], failureMessage: 'the test fails', nrOfTests };
}

/** The result of a mutant that the first run tried with every test that reaches it. */
function knownResult({ noticed }: FirstRun, { testFilter = [], activeMutant }: MutantRunOptions): MutantRunResult {
  const test = noticed.get(activeMutant.id);
  return test === undefined ? { status: MutantRunStatus.Survived, nrOfTests: testFilter.length } : killed(test, testFilter.length);
}

/** A test file that cannot be imported has no tests, and for Stryker none of its tests fails. */
function withFailedImports(result: MutantRunResult, { tests }: FirstRun): MutantRunResult {
  const isMissing = result.status === MutantRunStatus.Survived && result.nrOfTests < tests;
  return isMissing ? killed('a test file that cannot be imported', result.nrOfTests) : result;
}

function runner(injector: Injector<PluginContext>): TestRunner {
  const [vitest] = plugins;
  if (!vitest) throw new Error('@stryker-mutator/vitest-runner has no test runner');
  const whole: TestRunner = injector.injectFunction(vitest.factory);
  let first: Promise<FirstRun> | null = null;
  return {
    capabilities: () => whole.capabilities(),
    init: async () => whole.init?.(),
    dryRun: async (options) => {
      const result = await whole.dryRun(options);
      if (result.status !== DryRunStatus.Complete) return result;
      await appendFile(PATH, formatLine({ tests: result.tests.filter(({ status }) => status === TestStatus.Success).length }));
      return result;
    },
    mutantRun: async (options) => {
      const known = await (first ??= readFile(PATH, 'utf8').then(readFirstRun));
      if (options.mutantActivation === 'runtime' && (process.env[ALONE] ?? '') === '') return knownResult(known, options);
      const result = await whole.mutantRun(options);
      // A mutant of code that runs during an import is tried with all tests.
      return options.mutantActivation === 'static' ? withFailedImports(result, known) : result;
    },
    dispose: async () => whole.dispose?.(),
  };
}

const inject: ['$injector'] = ['$injector'];

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'every-mutant', Object.assign(runner, { inject }))];
/** The options of Stryker's own runner. */
export { strykerValidationSchema } from '@stryker-mutator/vitest-runner';
