// Runs one parser on many mutated inputs and checks the promises of every parser of foreign bytes.
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { InfraError, UserError, UserFaults } from '../../harness/base/errors.ts';
import { visible } from '../../harness/base/visible.ts';
import { mutate, type Random, randomFrom } from './mutate.ts';
import { fuzzRuns, fuzzStart } from './runs.ts';
import { watchOver } from './watchdog.ts';

const RUNS = fuzzRuns(300);
const START = fuzzStart();

/** Limits for any input, and for each KiB of it in addition. Quadratic time is far above both. */
const MAX_CPU_MS = 200;
const MAX_CPU_MS_PER_KIB = 2;
const MAX_BYTES = 64 << 20;
const MAX_MESSAGE = 1000;

export interface Target {
  /** Name of the parser in the test and in the command that reproduces a failure. */
  name: string;
  corpus: readonly [Uint8Array, ...Uint8Array[]];
  /** Reads one input. `random` continues after the numbers of the mutation. May throw only UserError and InfraError. */
  read: (input: Buffer, random: Random) => unknown;
  /** Divisor for the number of inputs, for parsers that start processes. @default 1 */
  cost?: number;
  /** Allowed processor time for each KiB in ms, for libraries that are slower than our code. @default 2 */
  msPerKiB?: number;
}

function lineProblem(line: string): string | null {
  if (visible(line) !== line) return `its message is not one line of plain text: ${JSON.stringify(line)}`;
  const { length } = Array.from(line);
  return length > MAX_MESSAGE ? `its message has ${length} characters` : null;
}

function messageProblem(error: unknown): string | null {
  if (!(error instanceof UserError) && !(error instanceof InfraError)) return `it threw ${visible(String(error)).slice(0, MAX_MESSAGE)}`;
  if (!(error instanceof UserFaults)) return lineProblem(error.message);
  const [first = '', ...others] = error.message.split('\n');
  const lines = others.length > 0 ? [first, ...error.faults] : [first];
  if (lines.join('\n') !== error.message) return `its message is not a line for each fault: ${JSON.stringify(error.message)}`;
  return lines.map(lineProblem).find((problem) => problem !== null) ?? null;
}

function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The shortest processor time of three readings in ms, because garbage collection and compilation can slow one of them. */
async function leastCpu(read: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = cpuMs();
    try {
      await read();
    } catch {
      // The caller has judged the error. Only the time counts here.
    }
    times.push(cpuMs() - before);
  }
  return Math.min(...times);
}

/** Finds the problem of a parser with the input of a seed; null if it has none. */
export async function problemOf(target: Target, seed: number): Promise<{ problem: string; cause?: unknown } | null> {
  const random = randomFrom(seed);
  const input = mutate(random, target.corpus);
  const once = () => target.read(input, random);
  const allowed = MAX_CPU_MS + (target.msPerKiB ?? MAX_CPU_MS_PER_KIB) * (input.length / 1024);
  const [bytes, start] = [usedBytes(), performance.now()];
  try {
    await once();
  } catch (error) {
    const problem = messageProblem(error);
    if (problem !== null) return { problem, cause: error };
  }
  const grown = usedBytes() - bytes;
  if (grown > MAX_BYTES) return { problem: `it took ${grown >> 20} MiB of memory` };
  if (performance.now() - start < allowed) return null;
  const cpu = await leastCpu(once);
  return cpu > allowed ? { problem: `it took ${cpu.toFixed(0)} ms of processor time for ${input.length} bytes` } : null;
}

/** Declares a test that fuzzes a parser. A failure is one line with the seed and the command that reproduces it. */
export function fuzz(target: Target): void {
  const runs = Math.max(1, Math.ceil(RUNS / (target.cost ?? 1)));
  test.each([target.name])('mutated inputs are read or refused: %s', { timeout: 600_000 + runs * 50 * (target.cost ?? 1) }, async () => {
    const watchdog = watchOver(target.name);
    try {
      for (let seed = START; seed < START + runs; seed++) {
        watchdog.input(seed);
        const found = await problemOf(target, seed);
        if (!found) continue;
        const again = `COREMATRIX_FUZZ_START=${seed} COREMATRIX_FUZZ_RUNS=1 npm run fuzz -- -t "${target.name}"`;
        throw new Error(`${target.name}: ${found.problem}; reproduce with: ${again}`, { cause: found.cause });
      }
    } finally {
      await watchdog.stop();
    }
    expect(runs).toBeGreaterThan(0);
  });
}
