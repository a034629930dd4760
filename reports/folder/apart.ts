// Keeps other files that a command writes away from the names that its report has in the report folder.
import { join, relative, resolve, sep } from 'node:path';
import { UserError } from '../../harness/base/errors.ts';
import { FORMAT_NAMES } from '../../harness/base/format-names.ts';
import { isWithin, realTarget } from '../../harness/base/real-path.ts';
import { JOURNAL_FILE } from '../../harness/run/journal.ts';
import { FORMATS } from '../formats.ts';
import { HTML_ASSET_FILES } from '../html/render.ts';
import { LOG_FOLDER } from '../model/log-path.ts';

/** Files of a report, of any format, so that a later report with more formats finds its names free. */
const REPORT_NAMES: ReadonlySet<string> = new Set([
  LOG_FOLDER,
  JOURNAL_FILE,
  ...FORMAT_NAMES.map((name) => FORMATS[name].file),
  ...Object.values(HTML_ASSET_FILES),
]);
/** How the names of the record, of its lock and of a report that is being prepared begin. */
const HIDDEN_START = '.corematrix-report.';

function isOfReport(name: string): boolean {
  return REPORT_NAMES.has(name) || name.startsWith(HIDDEN_START);
}

/**
 * Refuses a file to write that would take the place of the report folder or of a file in it. Symbolic links are followed.
 * @param place the option, or the key of the configuration, that names the file
 * @throws UserError with the place, before anything is written
 */
export async function checkApart(folder: string, path: string, place: string): Promise<void> {
  // Without its links the folder is still compared by name.
  const report = (await realTarget(folder)) ?? resolve(folder);
  const target = (await realTarget(path)) ?? resolve(path);
  const apart = `name another file, such as ${join(folder, 'history.jsonl')}`;
  if (isWithin(target, report)) throw new UserError(`${place}: ${path} is where the report folder ${folder} will be; ${apart}`);
  if (!isWithin(report, target)) return;
  const [name = ''] = relative(report, target).split(sep);
  if (isOfReport(name)) throw new UserError(`${place}: ${path} is a name of the report itself, ${join(folder, name)}; ${apart}`);
}
