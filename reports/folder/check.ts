// Whether a report may be written into a folder: nothing that is not of an earlier report is in its way.
import { lstat, mkdtemp, readdir, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InfraError, messageOf, UserError } from '../../harness/base/errors.ts';
import { errorCode } from '../../harness/base/files.ts';
import { DEFAULT_FORMATS, type FormatName } from '../../harness/base/format-names.ts';
import { FORMATS } from '../formats.ts';
import { HTML_ASSET_FILES } from '../html/render.ts';
import { LOG_FOLDER } from '../model/log-path.ts';
import type { RenderOptions } from '../model/render-options.ts';
import { isOwned, type OwnedFiles, readRecord, RECORD_FILE } from './record.ts';
import { onWholeReport } from './swap.ts';
import { ownedFiles } from './owned-files.ts';

/** As many files are named in an error. */
const NAMED = 5;

/** What a report folder will hold. */
export interface FolderContents extends Pick<RenderOptions, 'htmlAssets'> {
  /** The default ones when absent. */
  formats?: readonly FormatName[] | undefined;
  /** Files that are in the way and of nobody's report are replaced. */
  force?: boolean | undefined;
  /** The name of the bundle file, if there is one. */
  bundleFile?: string | undefined;
}

/** The files of a report, logs and record left aside. results.json is always one of them. */
export function reportFiles({ formats = DEFAULT_FORMATS, htmlAssets, bundleFile }: FolderContents): string[] {
  const assets = formats.includes('html') && htmlAssets === 'external' ? Object.values(HTML_ASSET_FILES) : [];
  return [...new Set<FormatName>(['json', ...formats])].map((name) => FORMATS[name].file).concat(assets, bundleFile ?? []);
}

/** The folder, or the nearest one above it that exists. */
async function nearestFolder(path: string): Promise<string> {
  const facts = await stat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOTDIR') throw new UserError(`--out ${path}: a part of that path is a file; expected a folder`);
    if (errorCode(error) !== 'ENOENT') throw new InfraError(`cannot write the report to ${path}: ${messageOf(error)}`, { cause: error });
    return null;
  });
  if (facts && !facts.isDirectory()) throw new UserError(`--out ${path}: not a folder; expected a folder, or a name that is free`);
  return facts || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/** Permissions do not tell all: a disk may be full or read-only, and some file systems take no new folder. */
async function tryToWrite(folder: string): Promise<void> {
  await rmdir(await mkdtemp(join(folder, '.corematrix-try-')));
}

/** What is at a path in the folder and is not of its report: paths of files, and of folders with a slash at the end. */
async function foreignAt(folder: string, path: string, owned: OwnedFiles): Promise<string[]> {
  const facts = await lstat(join(folder, path)).catch(() => null);
  if (!facts) return [];
  if (facts.isDirectory()) return [`${path}/`];
  return (await isOwned(folder, path, owned)) ? [] : [path];
}

/** The same for everything in the folder of the logs. */
async function foreignLogs(folder: string, owned: OwnedFiles): Promise<string[]> {
  const facts = await lstat(join(folder, LOG_FOLDER)).catch(() => null);
  if (!facts?.isDirectory()) return foreignAt(folder, LOG_FOLDER, owned);
  const entries = await readdir(join(folder, LOG_FOLDER), { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name).slice(join(folder, '/').length);
    if (!(await isOwned(folder, path, owned))) found.push(path);
  }
  return found;
}

async function foreignRecord(folder: string): Promise<string[]> {
  return (await readRecord(folder)) ? [] : foreignAt(folder, RECORD_FILE, new Map());
}

/** Everything in the way of a report. */
async function foreignFiles(folder: string, contents: FolderContents): Promise<string[]> {
  const owned = await ownedFiles(folder);
  const files = await Promise.all(reportFiles(contents).map(async (path) => foreignAt(folder, path, owned)));
  return [...files.flat(), ...(await foreignRecord(folder)), ...(await foreignLogs(folder, owned))];
}

/**
 * Refuses a folder into which the report cannot be written, or could only be written over what is not of an earlier report. A swap of a
 * report that was killed is finished first.
 * @throws UserError for a path that is not a folder, and for files that are in the way
 * @throws InfraError for a folder that may not be written
 */
export async function checkReportFolder(folder: string, contents: FolderContents): Promise<void> {
  if (folder === '') throw new UserError('--out: expected the name of a folder, found an empty name');
  const nearest = await nearestFolder(resolve(folder));
  await tryToWrite(nearest).catch((error: unknown) => {
    throw new InfraError(`cannot write the report to ${folder}: ${messageOf(error)}; choose another folder with --out`, { cause: error });
  });
  if (nearest !== resolve(folder)) return;
  const foreign = await onWholeReport(folder, async () => foreignFiles(folder, contents));
  const folders = foreign.filter((path) => path.endsWith('/'));
  const blocking = contents.force === true ? folders : foreign;
  if (blocking.length === 0) return;
  const named = blocking.slice(0, NAMED).join(', ');
  const more = blocking.length > NAMED ? ` and ${blocking.length - NAMED} more` : '';
  const advice = contents.force === true ? 'move them away' : 'move them away, or replace them with --force';
  throw new UserError(
    `--out ${folder}: not of an earlier report, or changed since: ${named}${more}; choose another folder with --out, ${advice}`,
  );
}
