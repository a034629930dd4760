// `corematrix report`: writes the report again, from results alone.
import { type Command, Option } from 'commander';
import { FORMAT_NAMES, type FormatName } from '../base/format-names.ts';
import { renderParts } from '../library/render.ts';
import type { HtmlAssets } from '../../reports/model/render-options.ts';
import { UserError } from '../base/errors.ts';
import type { Gate } from '../base/vocabulary.ts';
import { baselineOption, compareWith, gateOption } from './baseline.ts';
import { exitCodeOfResults } from './exit.ts';
import { forceOption } from './options.ts';
import { htmlAssetsOption, renderOptions } from './format-option.ts';
import { addHelp } from './help.ts';
import { writeParts } from './lines.ts';
import { checkIdleOut } from './out-folder.ts';
import { readMerged, readResultsAt } from './results-files.ts';
import { showResults } from './show-results.ts';

interface ReportOptions {
  out?: string;
  format?: FormatName;
  htmlAssets: HtmlAssets;
  baseline?: string;
  gate?: Gate;
  force?: boolean;
}

async function report([first = '', ...others]: string[], options: ReportOptions): Promise<void> {
  if (options.format !== undefined && options.out !== undefined)
    throw new UserError('--format writes to standard output and --out a folder; choose one');
  const { out = 'corematrix-report', htmlAssets, force } = options;
  if (options.format === undefined) await checkIdleOut(out, { htmlAssets, force });
  const results = others.length === 0 ? (await readResultsAt(first)).results : await readMerged([first, ...others]);
  const { comparison, gate } = await compareWith(options, results);
  if (options.gate !== undefined) process.exitCode = exitCodeOfResults(results, 0, gate);
  if (options.format === undefined) await showResults(results, out, { htmlAssets, comparison, force });
  else await writeParts(process.stdout, renderParts(results, options.format, { ...renderOptions(), ...(comparison && { comparison }) }));
}

/** Adds `report` to the command line. */
export function addReportCommand(program: Command): void {
  const command = program
    .command('report')
    .summary('write the report folder again from results.json, or one format of it')
    .description('Writes every report again from results alone. Several files are merged first, as "merge" does.')
    .argument('<results...>', 'results.json files or report folders')
    .option('-o, --out <dir>', 'report folder (default: corematrix-report)')
    .addOption(new Option('--format <name>', 'write only this format, to standard output').choices(FORMAT_NAMES))
    .addOption(htmlAssetsOption())
    .addOption(forceOption())
    .addOption(baselineOption())
    .addOption(gateOption())
    .action(report);
  addHelp(command, {
    exit: {
      asExpected: 'written, whatever the results are',
      incompatible: 'with --gate: a failure, or a regression',
      usage: 'wrong usage, or results that cannot be read or contradict each other',
      infrastructure: 'the folder cannot be written; with --gate: some programs have no verdict',
    },
    examples: [
      'corematrix report corematrix-report/results.json',
      'corematrix report nightly/ --format junit > junit.xml',
      'corematrix report tonight/ --baseline last-night/ --gate regressions',
    ],
  });
}
