// Reads results named on the command line: files, or their report folders.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine } from '../../reports/model/reproduce.ts';
import { FORMATS } from '../../reports/formats.ts';
import { placeOfResults } from '../../reports/folder/swap.ts';
import type { VersionedResults } from '../../reports/json.ts';
import { readResultsFile } from '../../reports/read-file.ts';
import { UserError } from '../base/errors.ts';
import { mergeNamed } from '../library/merge.ts';
import type { NamedResults } from '../results/merge.ts';
import { type Results, SCHEMA_VERSION } from '../results/schema.ts';
import { writeLine } from './lines.ts';

async function fileOf(path: string): Promise<string> {
  const facts = await stat(path).catch(() => null);
  if (!facts) throw new UserError(`${path}: no such file; expected a results.json or the report folder it lies in`);
  return facts.isDirectory() ? join(path, FORMATS.json.file) : path;
}

/** Files that a note has named; a run reads its baseline twice. */
const noted = new Set<string>();

function noteOldVersion(name: string, version: number): void {
  if (noted.has(name)) return;
  noted.add(name);
  const rewrite = commandLine(['corematrix', 'report', name, '--format', 'json']);
  writeLine(process.stderr, `note: ${name} has schema version ${version}; to write version ${SCHEMA_VERSION} of it: ${rewrite} > NEW.json`);
}

/** Reads a results.json, also while a report takes the place of the one before. */
async function readNow(name: string): Promise<VersionedResults> {
  const place = await placeOfResults(name);
  try {
    return await readResultsFile(place);
  } catch (error) {
    // It may have been moved to its final place in between.
    const now = await placeOfResults(name);
    if (now === place) throw error;
    return readResultsFile(now);
  }
}

/**
 * Reads results from a file or a report folder. A note on standard error names a file of an earlier schema version.
 * @throws UserError if the file is missing, or this version cannot read it
 */
export async function readResultsAt(path: string): Promise<NamedResults> {
  const name = await fileOf(path);
  const { version, results } = await readNow(name);
  if (version < SCHEMA_VERSION) noteOldVersion(name, version);
  return { name, results };
}

/**
 * Reads and merges results; even one file is merged, which adds the cells that its shard lacks.
 * @throws UserError as readResultsAt does, and for results that contradict each other
 */
export async function readMerged(paths: readonly string[]): Promise<Results> {
  const read: NamedResults[] = [];
  for (const path of paths) read.push(await readResultsAt(path));
  return mergeNamed(read);
}
