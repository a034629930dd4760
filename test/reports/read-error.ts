// The error of reading results that are written to a file and read back.
import { UserError } from '../../harness/base/errors.ts';
import type { Results } from '../../harness/results/schema.ts';
import { readResults, renderJson } from '../../reports/json.ts';

/** The message of the UserError, or `no error`. */
export function readError(results: Results): string {
  try {
    readResults(renderJson(results), 'results.json');
    return 'no error';
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
