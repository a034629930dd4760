// Reads the results of a real run, from which figures and pictures are made.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Results } from '../../harness/results/schema.ts';
import { UserError } from '../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { readResults } from '../../reports/json.ts';

/**
 * Reads the results named on the command line, else those of the demo.
 * @throws UserError if the file cannot be read
 */
export async function realResults(): Promise<{ source: string; results: Results }> {
  const [source = join(PACKAGE_ROOT, 'corematrix-report/results.json')] = process.argv.slice(2);
  const text = await readFile(source, 'utf8').catch(() => null);
  if (text === null) throw new UserError(`${source} cannot be read; run "npm run demo" first, or name a results.json`);
  return { source, results: readResults(text, source) };
}
