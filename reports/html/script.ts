// The script of the page: reports/html/client as one classic script, which the build makes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InfraError, messageOf } from '../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

const BUNDLE = join(PACKAGE_ROOT, 'dist/reports/html/client.js');

function missing(reason: string): InfraError {
  return new InfraError(
    `the script of the HTML report is missing: ${reason}; run "npm run build" in a clone of corematrix, or install corematrix again`,
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw missing(messageOf(error));
  }
}

/**
 * The text of the page's script: a classic script that needs nothing but the page.
 * @param path the bundle that the build wrote
 * @throws InfraError when the bundle is missing or empty, with what to do
 */
export function pageScript(path = BUNDLE): string {
  const text = read(path);
  if (text.trim() === '') throw missing(`${path} is empty`);
  return text;
}
