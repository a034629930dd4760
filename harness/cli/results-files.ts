// Results named on the command line: files, or the report folders they lie in.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FORMATS } from '../../reports/formats.ts';
import { readResults } from '../../reports/json.ts';
import { messageOf, UserError } from '../base/errors.ts';
import { mergeResults, type NamedResults } from '../results/merge.ts';
import type { Results } from '../results/schema.ts';

async function fileOf(path: string): Promise<string> {
  const facts = await stat(path).catch(() => null);
  if (!facts) throw new UserError(`${path}: no such file; expected a results.json or the report folder it lies in`);
  return facts.isDirectory() ? join(path, FORMATS.json.file) : path;
}

/**
 * Reads results from a file, or from the report folder it lies in.
 * @throws UserError when there are none, or they are not as this version reads them
 */
export async function readResultsAt(path: string): Promise<NamedResults> {
  const name = await fileOf(path);
  const text = await readFile(name, 'utf8').catch((error: unknown) => {
    throw new UserError(`${name}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
  return { name, results: readResults(text, name) };
}

/**
 * Reads and merges results; even one file is merged, which fills in what its shard has not.
 * @throws UserError as readResultsAt does, and for results that contradict each other
 */
export async function readMerged(paths: readonly string[]): Promise<Results> {
  const read: NamedResults[] = [];
  for (const path of paths) read.push(await readResultsAt(path));
  const [first, ...others] = read;
  if (!first) throw new UserError('no results named');
  return mergeResults([first, ...others]);
}
