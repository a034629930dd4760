// Reads all suites, a few at a time.
import pLimit from 'p-limit';
import type { DebianOptions } from './options.ts';
import { readSuites, type Suite } from './suite.ts';

const SUITES_AT_ONCE = 3;

/**
 * The results of `read` for each suite of the machine's mirrors, in the order of the suites. After a failure no other read starts, and the
 * error is thrown when all running reads have ended.
 * @throws UserError if no mirror is configured; InfraError if the mirror cannot be read; whatever `read` throws
 */
export async function overSuites<T>(options: DebianOptions, read: (suite: Suite) => Promise<T[]>): Promise<T[]> {
  const suites = await readSuites(options);
  const limit = pLimit(SUITES_AT_ONCE);
  let failed = false;
  const readOne = async (suite: Suite): Promise<T[]> => {
    if (failed) return [];
    try {
      return await read(suite);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const outcomes = await Promise.allSettled(suites.map(async (suite) => limit(async () => readOne(suite))));
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
