// The functions of the library for one test of a suite: all work stops with the test.
import { explain } from './explain.ts';
import { floor, type FloorOptions } from './floor.ts';
import { predict, type PredictOptions } from './predict.ts';
import { run, type RunOptions } from './run.ts';
import type { Running } from './running.ts';

type WithoutSignal<Options> = Omit<Options, 'signal'>;

/** The fixture of a test. Each function is that of the library without its `signal`. */
export interface TestTools {
  run: (options: WithoutSignal<RunOptions>) => ReturnType<typeof run>;
  floor: (options: WithoutSignal<FloorOptions>) => ReturnType<typeof floor>;
  predict: (options: WithoutSignal<PredictOptions>) => ReturnType<typeof predict>;
  explain: typeof explain;
}

/**
 * Binds the functions of the library to a test.
 * @param testSignal aborts when the test exceeds its time limit
 * @returns the functions, and `end`, which stops all work and waits until it has ended
 */
export function bindToTest(testSignal: AbortSignal): { tools: TestTools; end: () => Promise<void> } {
  const ended = new AbortController();
  const signal = AbortSignal.any([testSignal, ended.signal]);
  const started: Promise<unknown>[] = [];
  const watched = <Result>(work: Running<Result>): Running<Result> => {
    started.push(work.finished);
    return work;
  };
  return {
    tools: {
      run: (options) => watched(run({ ...options, signal })),
      floor: (options) => watched(floor({ ...options, signal })),
      predict: async (options) => predict({ ...options, signal }),
      explain,
    },
    end: async () => {
      ended.abort();
      await Promise.allSettled(started);
    },
  };
}
