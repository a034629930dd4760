// Results of a real run, out of which figures and pictures are made.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Results } from '../../harness/results/schema.ts';
import { UserError } from '../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { readResults } from '../../reports/json.ts';

/**
 * The results named on the command line, else those of the demo.
 * @throws UserError when there are none
 */
export async function realResults(): Promise<{ source: string; results: Results }> {
  const [source = join(PACKAGE_ROOT, 'corematrix-report/results.json')] = process.argv.slice(2);
  const text = await readFile(source, 'utf8').catch(() => null);
  if (text === null) throw new UserError(`${source} cannot be read: make it by "npm run demo", or name a results.json`);
  return { source, results: readResults(text, source) };
}
