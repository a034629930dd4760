// `corematrix merge`: joins the shards of a run into one report.
import type { Command } from 'commander';
import type { FormatName } from '../base/format-names.ts';
import type { HtmlAssets } from '../../reports/model/render-options.ts';
import type { Gate } from '../base/vocabulary.ts';
import { baselineOption, compareWith, gateOption } from './baseline.ts';
import { exitCodeOfResults } from './exit.ts';
import { formatsOption, htmlAssetsOption } from './format-option.ts';
import { addHelp } from './help.ts';
import { checkHistory, historyOption, withHistory } from './history.ts';
import { forceOption, outOption } from './options.ts';
import { checkIdleOut } from './out-folder.ts';
import { readMerged } from './results-files.ts';
import { showResults } from './show-results.ts';

interface MergeOptions {
  out: string;
  format?: FormatName[];
  htmlAssets: HtmlAssets;
  baseline?: string;
  gate?: Gate;
  history?: string;
  force?: boolean;
}

async function merge(paths: string[], options: MergeOptions): Promise<void> {
  const { out, format: formats, htmlAssets, history, force } = options;
  await checkHistory(history === undefined ? undefined : { path: history, place: '--history' }, out);
  await checkIdleOut(out, { formats, htmlAssets, force });
  const results = await withHistory(await readMerged(paths), history);
  const { comparison, gate } = await compareWith(options, results);
  process.exitCode = exitCodeOfResults(results, 0, gate);
  await showResults(results, out, { formats, htmlAssets, merged: true, comparison, force });
}

/** Adds `merge` to the command line. */
export function addMergeCommand(program: Command): void {
  const command = program
    .command('merge')
    .summary('join the results of shards into one report')
    .description('Joins results of one plan into one report. Cells of a missing shard are shown as not run.')
    .argument('<results...>', 'results.json files or report folders')
    .addOption(outOption())
    .addOption(formatsOption())
    .addOption(htmlAssetsOption())
    .addOption(forceOption())
    .addOption(baselineOption())
    .addOption(gateOption())
    .addOption(historyOption())
    .action(merge);
  addHelp(command, {
    exit: {
      asExpected: 'every program ended as expected',
      incompatible: 'a program failed unexpectedly, or passed although a failure is declared',
      usage: 'wrong usage, or results that cannot be read or contradict each other',
      infrastructure: 'no program failed, but some have no verdict: a shard may be missing',
    },
    examples: [
      'corematrix merge shard-1/ shard-2/ shard-3/ -o report',
      'corematrix merge shard-*/ --baseline last-night/ --history history.jsonl -o report',
    ],
  });
}
