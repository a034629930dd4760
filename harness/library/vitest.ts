// What a vitest suite can import as 'corematrix/vitest': matchers for objects, and a fixture. The import adds the matchers to `expect`.
import { expect, type MatcherState, test as vitestTest } from 'vitest';
import { bindToTest, type TestTools } from './test-tools.ts';
import { isPredictedToLoadOn, loadsOn, type ToLoadOnOptions, type PredictedOptions, type Selectors } from './matchers.ts';

export type { ToLoadOnOptions, PredictedOptions, Selectors, TestTools };

interface ObjectMatchers {
  /**
   * Loads an object in guests. It needs QEMU, downloads kernels that the kernel cache lacks, and takes seconds for each kernel that no
   * earlier run has a verdict for, so give the test a longer time limit. Await it.
   *
   * It holds if no program fails unexpectedly on any of the kernels. A failure prints the causes and what to write instead.
   * `expect(…).not.toLoadOn(…)` holds if a program fails on at least one of the kernels.
   * @param selectors one kernel selector or several: `debian:6.12`, `debian:>=5.10`
   * @throws InfraError if a cell has no verdict
   */
  toLoadOn: (selectors: Selectors, options?: ToLoadOnOptions) => Promise<void>;
  /**
   * Predicts from BTF alone whether an object loads. It starts no guest and downloads nothing. Await it.
   *
   * It holds if no program is certain to fail on any of the kernels. A failure prints the causes and what to write instead.
   * @param selectors one kernel selector or several, of kernels in the kernel cache; also `btf:FILE`
   * @throws NothingUsableError if no such kernel is cached
   */
  toBePredictedToLoadOn: (selectors: Selectors, options?: PredictedOptions) => Promise<void>;
}

declare module 'vitest' {
  // oxlint-disable-next-line typescript/no-unused-vars -- all declarations of an interface have the same type parameters
  interface Matchers<T> extends ObjectMatchers {}
}

/** The signal that aborts when a test exceeds its time limit. */
function signalOf({ task }: MatcherState): AbortSignal | undefined {
  return task?.context.signal;
}

expect.extend({
  async toLoadOn(object: unknown, selectors: Selectors, options?: ToLoadOnOptions) {
    return loadsOn(object, selectors, { signal: signalOf(this), ...options });
  },
  async toBePredictedToLoadOn(object: unknown, selectors: Selectors, options?: PredictedOptions) {
    return isPredictedToLoadOn(object, selectors, { signal: signalOf(this), ...options });
  },
});

/**
 * The `test` of vitest with the fixture `corematrix`: `run`, `floor`, `predict` and `explain` of this library, which stop with the test. When
 * the test ends or exceeds its time limit, no guest and no download is left.
 */
export const test = vitestTest.extend<{ corematrix: TestTools }>({
  corematrix: async ({ signal }, use) => {
    const { tools, end } = bindToTest(signal);
    await use(tools);
    await end();
  },
});
