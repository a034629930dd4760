// The report folder: every format of one run; each file appears whole or not at all.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logText } from '../harness/results/logs.ts';
import type { CellResult, Results } from '../harness/results/schema.ts';
import { InfraError, messageOf } from '../harness/base/errors.ts';
import { errorCode, makeDirectories, writeFileAtomic } from '../harness/base/files.ts';
import { fileName } from './model/file-name.ts';
import { DEFAULT_FORMATS, FORMAT_NAMES, type FormatName } from '../harness/base/format-names.ts';
import { FORMATS } from './formats.ts';
import { HTML_ASSET_FILES, renderHtmlFiles } from './html/render.ts';
import type { RenderOptions } from './model/render-options.ts';

/** The raw logs of one cell by file, relative to the folder of its kernel. */
function logFiles(cell: CellResult, results: Results): [string, string][] {
  const stem = fileName(cell.object);
  const named: [string, string | null][] = [
    ['libbpf', cell.logs.libbpf],
    ['warnings', cell.logs.warnings],
    ['verifier', cell.logs.verifier],
    ['kernel', cell.logs.kernel],
    ['console', cell.logs.console],
    ['stdout', cell.logs.stdout ?? null],
    ['stderr', cell.logs.stderr ?? null],
    ...cell.programs.flatMap((program): [string, string | null][] => [
      [`${fileName(program.name)}.libbpf`, program.logs.libbpf],
      [`${fileName(program.name)}.verifier`, program.logs.verifier],
    ]),
  ];
  return named.flatMap(([name, id]) => (id === null ? [] : [[`${stem}.${name}.log`, `${logText(results.logs, id)}\n`]]));
}

/** All logs appear at once: a new folder beside the old one replaces it. */
async function writeLogs(results: Results, folder: string): Promise<void> {
  const building = join(folder, `logs.new-${process.pid}`);
  try {
    await mkdir(building);
    for (const cell of results.cells) {
      const target = join(building, fileName(cell.kernel));
      await mkdir(target, { recursive: true });
      await Promise.all(logFiles(cell, results).map(async ([name, text]) => writeFile(join(target, name), text)));
    }
    await rm(join(folder, 'logs'), { recursive: true, force: true });
    await rename(building, join(folder, 'logs'));
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
