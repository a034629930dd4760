// The report folder: every format of one run; each file appears whole or not at all.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { logRefs, logText } from '../harness/results/logs.ts';
import type { Results } from '../harness/results/schema.ts';
import { InfraError, messageOf } from '../harness/base/errors.ts';
import { errorCode, makeDirectories, writeFileAtomic } from '../harness/base/files.ts';
import { DEFAULT_FORMATS, FORMAT_NAMES, type FormatName } from '../harness/base/format-names.ts';
import { FORMATS } from './formats.ts';
import { HTML_ASSET_FILES, renderHtmlFiles } from './html/render.ts';
import { LOG_FOLDER, logPath } from './model/log-path.ts';
import type { RenderOptions } from './model/render-options.ts';

/** All logs appear at once: a new folder beside the old one replaces it. */
async function writeLogs(results: Results, folder: string): Promise<void> {
  const building = join(folder, `logs.new-${process.pid}`);
  try {
    await mkdir(building);
    for (const { kernel, object, ...cell } of results.cells) {
      for (const { program, kind, id } of logRefs(cell)) {
        const target = join(building, logPath({ kernel, object, program, kind }));
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, `${logText(results.logs, id)}\n`);
      }
    }
    await rm(join(folder, LOG_FOLDER), { recursive: true, force: true });
    await mkdir(join(building, LOG_FOLDER), { recursive: true });
    await rename(join(building, LOG_FOLDER), join(folder, LOG_FOLDER));
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

/** Writes style, script and data of index.html as external files, or removes those of an earlier run. */
async function writeHtmlAssets(results: Results, folder: string, external: boolean): Promise<void> {
  const files = external ? renderHtmlFiles(results, { htmlAssets: 'external' }) : new Map<string, string>();
  for (const name of Object.values(HTML_ASSET_FILES)) {
    const text = files.get(name);
    if (text === undefined) await rm(join(folder, name), { force: true });
    else await writeFileAtomic(join(folder, name), text);
  }
}

export interface FolderOptions extends RenderOptions {
  formats?: readonly FormatName[];
}

/**
 * Writes results.json, a file for each format and logs/ into a folder, which is created if needed. Files of other formats from an
 * earlier run are removed.
 * @throws InfraError if the folder cannot be created or written, with the system's message
 */
export async function writeReportFolder(
  results: Results,
  folder: string,
  { formats = DEFAULT_FORMATS, ...options }: FolderOptions = {},
): Promise<void> {
  try {
    await makeDirectories(folder);
    // results.json comes first: if another format fails, everything can still be made from it.
    for (const name of new Set<FormatName>(['json', ...FORMAT_NAMES])) {
      const { file, render } = FORMATS[name];
      if (name === 'json' || formats.includes(name)) await writeFileAtomic(join(folder, file), render(results, options));
      else await rm(join(folder, file), { force: true });
    }
    await writeHtmlAssets(results, folder, formats.includes('html') && options.htmlAssets === 'external');
    await writeLogs(results, folder);
  } catch (error) {
    // The advice of the cache does not fit here; its cause is the system's error.
    const cause: unknown = error instanceof InfraError ? (error.cause ?? error) : error;
    if (errorCode(cause) === null) throw error;
    throw new InfraError(`cannot write the report to ${folder}: ${messageOf(cause)}; choose another folder with --out`, { cause });
  }
}
