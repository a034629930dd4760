// Shows results: every command with results writes the report folder and the terminal summary.
import { join } from 'node:path';
import { blocking, weightOf } from '../base/blocking.ts';
import { type FormatName } from '../base/format-names.ts';
import type { HtmlAssets } from '../../reports/model/render-options.ts';
import { FORMATS } from '../../reports/formats.ts';
import { jsonLineParts } from '../../reports/json.ts';
import { terminalReport } from '../../reports/terminal/run.ts';
import { writeReportFolder } from '../../reports/folder/write.ts';
import { plural } from '../base/text.ts';
import { BUNDLE_FILE } from '../plan/bundle/schema.ts';
import type { Bundle } from '../plan/bundle/write.ts';
import type { Comparison } from '../results/compare.ts';
import type { Results } from '../results/schema.ts';
import { renderOptions } from './format-option.ts';
import { tellGithub } from './github.ts';
import { writeLine, writeParts } from './lines.ts';
import { isColoured, sizeOf } from './screen.ts';

/** `1.2 MiB`. */
function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

export interface ShowOptions {
  /** Of the report folder; the default ones when absent. */
  formats?: readonly FormatName[] | undefined;
  htmlAssets?: HtmlAssets | undefined;
  /** Whether these are shards that were joined. */
  merged?: boolean;
  /** The results as JSON on standard output instead of the matrix. */
  json?: boolean;
  /** What changed since a baseline. */
  comparison?: Comparison | null;
  /** Whether files of the report folder that are of no report are replaced. */
  force?: boolean | undefined;
  /** The bundle for the folder (default: none). */
  bundle?: Bundle | undefined;
}

/** Writes the matrix to standard output. */
export function showMatrix(results: Results, compared: { comparison?: Comparison } = {}): void {
  process.stdout.write(terminalReport(results, { ...sizeOf(process.stdout), colour: isColoured(process.stdout), ...compared }));
}

async function show(
  results: Results,
  folder: string,
  { formats, htmlAssets = 'inline', merged = false, json = false, comparison = null, force, bundle }: ShowOptions,
): Promise<void> {
  const compared = comparison === null ? {} : { comparison };
  if (json) await writeParts(process.stdout, jsonLineParts(results));
  else showMatrix(results, compared);
  const rendering = { ...renderOptions(), ...compared };
  const bundled = bundle && { bundleFile: BUNDLE_FILE, bundle: bundle.bytes };
  // Written last, so that the terminal has the results even if the folder cannot be written.
  await writeReportFolder(results, folder, { ...rendering, htmlAssets, force, ...bundled, ...(formats && { formats }) });
  const named = formats === undefined || formats.includes('html') ? FORMATS.html : FORMATS.json;
  writeLine(process.stderr, `report: ${join(folder, named.file)}`);
  if (bundle)
    writeLine(process.stderr, `bundle: ${join(folder, BUNDLE_FILE)} (${plural(bundle.files, 'file')}, ${mebibytes(bundle.bytes.length)})`);
  await tellGithub(results, merged, rendering);
}

/** Writes the matrix or JSON to standard output, then the report folder, and to standard error where that is. */
export async function showResults(results: Results, folder: string, options: ShowOptions = {}): Promise<void> {
  await blocking(weightOf(results.cells), async () => show(results, folder, options));
}
