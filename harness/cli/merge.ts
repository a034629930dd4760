// `corematrix merge`: one report of the shards of a run.
import type { Command } from 'commander';
import { FORMAT_NAMES, type FormatName } from '../base/format-names.ts';
import type { Gate } from '../base/vocabulary.ts';
import { baselineOption, compareWith, gateOption } from './baseline.ts';
import { exitCodeOfResults } from './exit.ts';
import { repeatedFormat } from './format-option.ts';
import { checkHistory, historyOption, withHistory } from './history.ts';
import { readMerged } from './results-files.ts';
import { showResults } from './show-results.ts';

interface MergeOptions {
  out: string;
  format?: FormatName[];
  baseline?: string;
  gate?: Gate;
  history?: string;
}

async function merge(paths: string[], options: MergeOptions): Promise<void> {
  await checkHistory(options.history);
  const results = await withHistory(await readMerged(paths), options.history);
  const { comparison, gate } = await compareWith(options, results);
  await showResults(results, options.out, { formats: options.format, merged: true, comparison });
  process.exitCode = exitCodeOfResults(results, 0, gate);
}

/** Adds `merge` to the command line. */
export function addMergeCommand(program: Command): void {
  program
    .command('merge')
    .summary('join the results of shards into one report')
    .description('Joins results of one plan into one report. What no file has, because its shard is missing, is shown as not run.')
    .argument('<results...>', 'results.json files, or the folders they lie in')
    .option('-o, --out <dir>', 'report folder', 'corematrix-report')
    .option('--format <name>', `a format for the report folder, repeatable: ${FORMAT_NAMES.join(', ')}`, repeatedFormat)
    .addOption(baselineOption())
    .addOption(gateOption())
    .addOption(historyOption())
    .addHelpText(
      'after',
      `
Exit codes: those of a run of the whole; a missing shard counts as infrastructure (3), results that contradict each other as usage (2).

Examples:
  corematrix merge shard-1/ shard-2/ shard-3/ -o report
  corematrix merge shard-*/ --baseline last-night/ --history history.jsonl -o report`,
    )
    .action(merge);
}
