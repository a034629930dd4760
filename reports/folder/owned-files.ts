// The files of the report in a folder: those of its record; without one, those of its results.json. Earlier versions kept no record, and not
// every copy of a folder takes hidden files along.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FORMAT_NAMES } from '../../harness/base/format-names.ts';
import { logRefs } from '../../harness/results/logs.ts';
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { FORMATS } from '../formats.ts';
import { HTML_ASSET_FILES } from '../html/render.ts';
import { readResultsFile } from '../read-file.ts';
import { LOG_FOLDER, logPath } from '../model/log-path.ts';
import { type OwnedFiles, readRecord } from './record.ts';

/** A name as earlier versions wrote it into paths of logs. */
function earlierName(text: string): string {
  const plain = text
    .replaceAll(/[^\w.+~-]/g, '_')
    .replace(/^[.-]+/, '_')
    .slice(0, 110);
  if (plain === text && plain !== '') return plain;
  const digest = createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, 8);
  return `${plain.slice(0, 101) || '_'}-${digest}`;
}

/** The paths of the logs of a cell, those of this version and those of earlier ones. */
function logPaths({ kernel, object, ...cell }: CellResult): string[] {
  return logRefs(cell).flatMap(({ program, kind }) => {
    const names = [object, ...(program === null ? [] : [program])].map(earlierName);
    return [logPath({ kernel, object, program, kind }), `${LOG_FOLDER}/${earlierName(kernel)}/${[...names, kind].join('.')}.log`];
  });
}

async function resultsIn(folder: string): Promise<Results | null> {
  return readResultsFile(join(folder, FORMATS.json.file)).then(
    ({ results }) => results,
    () => null,
  );
}

/**
 * The files that belong to the results.json of a folder: results.json itself, the files of every format, and the logs of its cells.
 * @returns no files if the folder has no valid results.json
 */
async function filesWithoutRecord(folder: string): Promise<OwnedFiles> {
  const results = await resultsIn(folder);
  if (results === null) return new Map();
  const formats = FORMAT_NAMES.map((name) => FORMATS[name].file);
  const paths = [...formats, ...Object.values(HTML_ASSET_FILES), ...results.cells.flatMap(logPaths)];
  return new Map(paths.map((path) => [path, null]));
}

/** The files of the report that is in a folder. */
export async function ownedFiles(folder: string): Promise<OwnedFiles> {
  return (await readRecord(folder)) ?? filesWithoutRecord(folder);
}
