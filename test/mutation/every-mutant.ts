// Runs each test as it is, then again with each mutant that it reaches, all in one process. A new start of Vitest for each mutant would
// take a hundred times as long.
import { appendFileSync, readFileSync } from 'node:fs';
import { inject, TestRunner } from 'vitest';
import { ALONE, formatLine, readFirstRun, RESULTS } from './results-file.ts';

type Test = Parameters<TestRunner['onAfterTryTask']>[0];
type Hook = 'beforeEach' | 'afterEach';

/** The variables of Stryker's instrumented code. */
interface Instrumented {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

declare module 'vitest' {
  interface ProvidedContext {
    mode: 'dry-run' | 'mutant';
  }
}

declare global {
  var __stryker__: Instrumented | undefined;
}

const ADVICE = 'set `alone: true` for its room';
const OTHER_TEST = 'a test with a mutant';
/** A test that a mutant makes this many times slower does not end. */
const SLOWER = 10;
const SHORTEST_MS = 5_000;
/** A mutant that is reached so many times more often is in an endless loop. */
const MORE_HITS = 100;

/** The suites of a test, the outermost first. */
function suitesOf({ suite, file }: Test): NonNullable<Test['suite']>[] {
  const suites = [];
  for (let each = suite; each; each = each.suite) suites.unshift(each);
  return [file, ...suites];
}

async function within(limitMs: number, run: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('the test does not end')), limitMs);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Vitest's runner of tests, for the first run that Stryker makes. */
export default class EveryMutant extends TestRunner {
  private readonly results = process.env[RESULTS] ?? '';
  private readonly isAlone = (process.env[ALONE] ?? '') !== '';

  async runTask(test: Test): Promise<void> {
    const started = performance.now();
    await TestRunner.getTestFn(test)();
    const ns = globalThis.__stryker__;
    const own = ns?.currentTestId;
    if (!ns?.mutantCoverage || own === undefined || inject('mode') !== 'dry-run' || this.isAlone) return;
    const limitMs = Math.max(SHORTEST_MS, SLOWER * (performance.now() - started));
    const { static: atImport, perTest } = ns.mutantCoverage;
    const { noticed } = readFirstRun(readFileSync(this.results, 'utf8'));
    const reached = Object.entries(perTest[own] ?? {}).filter(([mutant]) => !(mutant in atImport) && !noticed.has(mutant));
    for (const [mutant, hits] of reached) {
      const before = { activeMutant: mutant, hitCount: 0, hitLimit: hits * MORE_HITS };
      if (await this.passes(test, before, limitMs)) continue;
      // A test that now fails without a mutant, too, has kept something of the mutant.
      if (!(await this.passes(test, {}, limitMs))) throw new Error(`mutant ${mutant} changes later runs of this test: ${ADVICE}`);
      appendFileSync(this.results, formatLine({ mutant, test: own }));
    }
    delete perTest[OTHER_TEST];
    Object.assign(ns, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined, currentTestId: own });
  }

  private async callHooks(test: Test, name: Hook): Promise<void> {
    for (const suite of suitesOf(test)) {
      for (const hook of TestRunner.getSuiteHooks(suite)[name]) await hook(test.context, suite);
    }
  }

  /** Runs a test once more. */
  private async passes(test: Test, state: Instrumented, limitMs: number): Promise<boolean> {
    await this.callHooks(test, 'afterEach');
    await this.callHooks(test, 'beforeEach');
    this.onBeforeTryTask(test);
    Object.assign(globalThis.__stryker__ ?? {}, { activeMutant: undefined, currentTestId: OTHER_TEST, ...state });
    try {
      await within(limitMs, TestRunner.getTestFn(test));
      this.onAfterTryTask(test);
      return true;
    } catch {
      return false;
    } finally {
      Object.assign(globalThis.__stryker__ ?? {}, { activeMutant: undefined });
    }
  }
}
