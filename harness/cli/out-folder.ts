// Checks of the folder of `--out`, before a command does anything that takes time.
import { checkApart } from '../../reports/folder/apart.ts';
import { checkReportFolder, type FolderContents } from '../../reports/folder/check.ts';
import { checkNoRun } from '../run/journal.ts';
import { jobSummaryPath } from './github.ts';

/**
 * Checks that a report may be written into a folder, and that the job summary is another file.
 * @throws UserError, InfraError as `checkReportFolder`
 */
export async function checkOut(folder: string, contents: FolderContents): Promise<void> {
  const summary = jobSummaryPath();
  if (summary !== null) await checkApart(folder, summary, 'GITHUB_STEP_SUMMARY');
  await checkReportFolder(folder, contents);
}

/**
 * The same for a report of runs that have ended: no other run writes its report into the folder at this moment.
 * @throws UserError, InfraError as `checkOut`
 */
export async function checkIdleOut(folder: string, contents: FolderContents): Promise<void> {
  await checkNoRun(folder);
  await checkOut(folder, contents);
}
