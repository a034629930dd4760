// Puts a new report in the place of the one before. It is prepared in full inside the report folder. One rename declares it complete, and
// then its files are moved to their places, results.json last. If the process is killed before that rename, the earlier report stays. If it
// is killed after it, the next command that writes there finishes the moves, and readers find results.json at either of its places.
// docs/decisions/12-report-swap.md has the reasons.
import { lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../harness/base/errors.ts';
import { errorCode, parseCached } from '../../harness/base/files.ts';
import { OWNER_FILE, type OwnedFolder, withLockedFile } from '../../harness/base/ownership.ts';
import { readUserFile } from '../../harness/base/user-file.ts';
import { FORMATS } from '../formats.ts';
import { LOG_FOLDER } from '../model/log-path.ts';
import { isOwned, RECORD_FILE } from './record.ts';
import { ownedFiles } from './owned-files.ts';

/** In the folder of a report that is prepared: the report, the logs of the one before, and what is to be done. */
const PREPARED = { report: 'report', logsBefore: 'logs-before', plan: 'plan.json' } as const;

/** The name under which a prepared report is complete: from here on it is moved in, never dropped. */
const COMPLETE = '.corematrix-report.next';
/** In a report folder while a command changes it or looks for files in its way. */
const LOCK = '.corematrix-report.lock';
/** More than enough to look at some files and to move them. */
const LOCK_SECONDS = 60;

/** Hundreds of thousands of logs. */
const PLAN_FILE = { kind: 'a plan', maxBytes: 64 << 20 } as const;

const planSchema = z.strictObject({
  /** Of the folder that the plan is in; see `markOf`. */
  mark: z.string(),
  /** Files of the report before, beside the logs, that the new one does not have. */
  stale: z.array(z.string().refine((name) => name === basename(name) && name !== '..')),
  /** Logs of the report before. What else is in its folder of logs goes back to its place. */
  logs: z.array(z.string()),
});
type MarkedPlan = z.infer<typeof planSchema>;
export type SwapPlan = Omit<MarkedPlan, 'mark'>;

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

/** The names in a folder; none if it does not exist. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
}

function notOurs(complete: string): UserError {
  return new UserError(`${complete}: not a report that corematrix prepared here; move it away`);
}

/**
 * What a copy of a folder cannot have, also one from a repository or an archive: the system chooses its inode number and the time at which
 * it was made. A rename keeps both.
 */
async function markOf(path: string): Promise<string> {
  const { ino, birthtimeNs } = await lstat(path, { bigint: true });
  return `${ino} ${birthtimeNs}`;
}

/** Whether something is a folder; a link to one is not. */
async function isRealFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}

/** Makes a folder below another one, without a way through a link. Returns whether the folder is there. */
async function makeFolderBelow(folder: string, path: string): Promise<boolean> {
  let place = folder;
  for (const name of path.split('/')) {
    place = join(place, name);
    if (!(await exists(place))) await mkdir(place);
    if (!(await isRealFolder(place))) return false;
  }
  return true;
}

async function moveLogs(complete: string, folder: string): Promise<void> {
  const [before, next, place] = [join(complete, PREPARED.logsBefore), join(reportIn(complete), LOG_FOLDER), join(folder, LOG_FOLDER)];
  if (!(await exists(next))) return;
  // With --force, a file or a link may be in the place of the logs. What a link names is not moved.
  if (!(await isRealFolder(place))) await rm(place, { force: true });
  else if (!(await exists(before))) await rename(place, before);
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
    if (!(await makeFolderBelow(folder, dirname(path)))) throw notOurs(complete);
    await rename(from, join(folder, path));
  }
}

/** In the order in which files are moved: results.json after all that is made from it. */
const inOrder = (names: readonly string[]) => [
  ...names.filter((name) => name !== FORMATS.json.file),
  ...names.filter((name) => name === FORMATS.json.file),
];

/** Moves a complete report in. Each step may be the last before the process is killed, and can be repeated. */
async function moveIn(complete: string, folder: string, plan: SwapPlan): Promise<void> {
  const owned = await ownedFiles(folder);
  await moveLogs(complete, folder);
  const names = await namesIn(reportIn(complete));
  // The record comes last: until then, that of the report before tells what is in the folder.
  const files = inOrder(names.filter((name) => name !== LOG_FOLDER && name !== RECORD_FILE));
  for (const name of files) await rename(join(reportIn(complete), name), join(folder, name));
  for (const name of plan.stale) if (await isOwned(folder, name, owned)) await rm(join(folder, name), { force: true });
  await returnOthers(complete, folder, new Set(plan.logs));
  if (names.includes(RECORD_FILE)) await rename(join(reportIn(complete), RECORD_FILE), join(folder, RECORD_FILE));
  // The plan goes after what it is about, so that a removal that was cut short is repeated, too.
  for (const name of [PREPARED.logsBefore, PREPARED.report]) await rm(join(complete, name), { recursive: true, force: true });
  await rm(join(complete, PREPARED.plan), { force: true });
}

/** The plan in a complete report; null if it has none that this version wrote. */
async function readPlan(complete: string): Promise<MarkedPlan | null> {
  const bytes = await readUserFile(join(complete, PREPARED.plan), PLAN_FILE).catch(() => '');
  return planSchema.safeParse(parseCached(bytes.toString())).data ?? null;
}

/**
 * The plan of a swap that a process on this machine left unfinished in this folder; null if only its removal is unfinished.
 * @throws UserError for all else, such as a swap that came with a repository: it could name any files, in the folder and through links
 */
async function unfinishedPlan(complete: string): Promise<SwapPlan | null> {
  if (!(await isRealFolder(complete))) throw notOurs(complete);
  const names = await namesIn(complete);
  if (names.every((name) => name === OWNER_FILE || name === PREPARED.plan)) return null;
  const plan = await readPlan(complete);
  if (plan?.mark !== (await markOf(complete))) throw notOurs(complete);
  for (const name of [PREPARED.report, PREPARED.logsBefore])
    if (names.includes(name) && !(await isRealFolder(join(complete, name)))) throw notOurs(complete);
  return plan;
}

/** Finishes the swap of a process that was killed in it, if there is one. */
async function finishSwap(folder: string): Promise<void> {
  const complete = join(folder, COMPLETE);
  if (!(await exists(complete))) return;
  const plan = await unfinishedPlan(complete);
  if (plan) await moveIn(complete, folder, plan);
  await rm(complete, { recursive: true, force: true });
}

/**
 * Runs an action on the whole report in a folder, while no other process swaps a report into it. A swap of a process that was killed is
 * finished first.
 * @throws UserError if something else has the name of a complete report, or if that report was not prepared here; InfraError if another process does not end its swap
 */
export async function onWholeReport<Result>(folder: string, action: () => Promise<Result>): Promise<Result> {
  const lock = join(folder, LOCK);
  return withLockedFile(lock, LOCK_SECONDS, async () => {
    try {
      await finishSwap(folder);
      return await action();
    } finally {
      await rm(lock, { force: true });
    }
  });
}

/**
 * The path of a results.json at this moment. While its report is moved in, or if the process was killed then, the new one may still be
 * where it was prepared.
 * @param file its path in a finished report folder
 */
export async function placeOfResults(file: string): Promise<string> {
  const complete = join(dirname(file), COMPLETE);
  const waiting = join(reportIn(complete), FORMATS.json.file);
  if (basename(file) !== FORMATS.json.file || !(await exists(join(complete, PREPARED.plan)))) return file;
  return (await exists(waiting)) ? waiting : file;
}

/**
 * Puts a prepared report in the place of the one before. The caller is in `onWholeReport`.
 * @param prepared a folder inside `folder`, whose report is in `reportIn(prepared.path)`; it is gone afterwards
 */
export async function swapIn(prepared: OwnedFolder, folder: string, plan: SwapPlan): Promise<void> {
  const marked = { ...plan, mark: await markOf(prepared.path) } satisfies MarkedPlan;
  await writeFile(join(prepared.path, PREPARED.plan), JSON.stringify(marked), { flush: true });
  await prepared.moveTo(join(folder, COMPLETE));
  await moveIn(join(folder, COMPLETE), folder, plan);
  await rm(join(folder, COMPLETE), { recursive: true, force: true });
}
