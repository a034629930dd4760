// A new report takes the place of the one before: prepared in full beside it, then moved in, name by name. Whoever comes next finishes a
// swap that was killed, so that the folder ends with the whole new report.
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { InfraError, UserError } from '../../harness/base/errors.ts';
import { errorCode, parseCached } from '../../harness/base/files.ts';
import type { OwnedFolder } from '../../harness/base/ownership.ts';
import { LOG_FOLDER } from '../model/log-path.ts';
import { RECORD_FILE } from './record.ts';

/** In the folder of a report that is prepared: the report, the logs of the one before, and what is to be done. */
const PREPARED = { report: 'report', logsBefore: 'logs-before', plan: 'plan.json' } as const;

/** The name under which a prepared report is complete: from here on it is moved in, never dropped. */
const COMPLETE = '.corematrix-report.next';

const planSchema = z.strictObject({
  /** Files of the report before, beside the logs, that the new one does not have. */
  stale: z.array(z.string().refine((name) => name === basename(name) && name !== '..')),
  /** Logs of the report before. What else is in its folder of logs goes back to its place. */
  logs: z.array(z.string()),
});
export type SwapPlan = z.infer<typeof planSchema>;

/** The folder for the files of a report that is being prepared. */
export function reportIn(prepared: string): string {
  return join(prepared, PREPARED.report);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function notOurs(complete: string): UserError {
  return new UserError(`${complete}: not a report that corematrix prepared; move it away`);
}

async function moveLogs(complete: string, folder: string): Promise<void> {
  const [before, next, place] = [join(complete, PREPARED.logsBefore), join(reportIn(complete), LOG_FOLDER), join(folder, LOG_FOLDER)];
  if (!(await exists(next))) return;
  if (!(await exists(before)) && (await exists(place))) await rename(place, before);
  await rename(next, place);
}

/** Files that are not of the report before return to the folder of logs, as far as no new log has their path. */
async function returnOthers(complete: string, folder: string, owned: ReadonlySet<string>): Promise<void> {
  const before = join(complete, PREPARED.logsBefore);
  const entries = await readdir(before, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const from = join(entry.parentPath, entry.name);
    const path = join(LOG_FOLDER, from.slice(before.length + 1));
    if (entry.isDirectory() || owned.has(path) || (await exists(join(folder, path)))) continue;
    const parent = join(await realpath(folder), dirname(path));
    await mkdir(parent, { recursive: true });
    // What waits here may come from a stranger's copy of a report; a link in it must not lead a file out of the folder.
    if ((await realpath(parent)) !== parent) throw notOurs(complete);
    await rename(from, join(parent, basename(path)));
  }
}

/** Moves a complete report in. Every step may be the last before the process is killed, and is right to be made again. */
async function moveIn(complete: string, folder: string): Promise<void> {
  const { data: plan } = planSchema.safeParse(parseCached(await readFile(join(complete, PREPARED.plan), 'utf8')));
  if (!plan) throw notOurs(complete);
  await moveLogs(complete, folder);
  const names = await readdir(reportIn(complete));
  // The record comes last: until then, that of the report before tells what is in the folder.
  const files = names.filter((name) => name !== LOG_FOLDER && name !== RECORD_FILE);
  for (const name of files) await rename(join(reportIn(complete), name), join(folder, name));
  for (const name of plan.stale) await rm(join(folder, name), { force: true });
  await returnOthers(complete, folder, new Set(plan.logs));
  if (names.includes(RECORD_FILE)) await rename(join(reportIn(complete), RECORD_FILE), join(folder, RECORD_FILE));
  await rm(complete, { recursive: true, force: true });
}

/** Finishes the swap of a process that was killed in it, if there is one. */
export async function finishSwap(folder: string): Promise<void> {
  const complete = join(folder, COMPLETE);
  if (await exists(join(complete, PREPARED.plan))) await moveIn(complete, folder);
}

/**
 * Puts a prepared report in the place of the one before.
 * @param prepared a folder inside `folder`, whose report is in `reportIn(prepared.path)`; it is gone afterwards
 * @throws InfraError if another process swaps a report into the same folder at this moment
 */
export async function swapIn(prepared: OwnedFolder, folder: string, plan: SwapPlan): Promise<void> {
  await writeFile(join(prepared.path, PREPARED.plan), JSON.stringify(plan satisfies SwapPlan), { flush: true });
  await finishSwap(folder);
  try {
    await prepared.moveTo(join(folder, COMPLETE));
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY') throw error;
    throw new InfraError(`cannot write the report to ${folder}: another corematrix writes its report there now`, { cause: error });
  }
  await moveIn(join(folder, COMPLETE), folder);
}
