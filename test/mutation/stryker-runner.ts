// Stryker's runner for Vitest, which answers from the first run of the tests what became of each mutant there.
import { readFile } from 'node:fs/promises';
import { declareFactoryPlugin, type Injector, type PluginContext, PluginKind } from '@stryker-mutator/api/plugin';
import { type MutantRunOptions, type MutantRunResult, MutantRunStatus, type TestRunner } from '@stryker-mutator/api/test-runner';
import { strykerPlugins as plugins } from '@stryker-mutator/vitest-runner';
import { type MutantLine, readLines, RESULTS } from './results-file.ts';

/** What the first run found out about its mutants, by number; null if each mutant has a run of its own. */
async function firstRun(): Promise<ReadonlyMap<string, MutantLine> | null> {
  const path = process.env[RESULTS] ?? '';
  if (path === '') return null;
  return new Map(readLines(await readFile(path, 'utf8')).map((line) => [line.mutant, line]));
}

/** The result of a mutant that the first run tried with every test that reaches it. */
function resultOf(line: MutantLine | undefined, { testFilter = [] }: MutantRunOptions): MutantRunResult {
  const nrOfTests = testFilter.length;
  if (!line) return { status: MutantRunStatus.Survived, nrOfTests };
  return { status: MutantRunStatus.Killed, killedBy: [line.test], failureMessage: 'the test fails', nrOfTests };
}

function runner(injector: Injector<PluginContext>): TestRunner {
  const [vitest] = plugins;
  if (!vitest) throw new Error('@stryker-mutator/vitest-runner has no test runner');
  const whole: TestRunner = injector.injectFunction(vitest.factory);
  let known: ReturnType<typeof firstRun> | null = null;
  return {
    capabilities: () => whole.capabilities(),
    init: async () => whole.init?.(),
    dryRun: async (options) => whole.dryRun(options),
    mutantRun: async (options) => {
      const lines = await (known ??= firstRun());
      // A mutant of code that runs during an import needs another import.
      return lines && options.mutantActivation === 'runtime'
        ? resultOf(lines.get(options.activeMutant.id), options)
        : whole.mutantRun(options);
    },
    dispose: async () => whole.dispose?.(),
  };
}
const inject: ['$injector'] = ['$injector'];

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'every-mutant', Object.assign(runner, { inject }))];
