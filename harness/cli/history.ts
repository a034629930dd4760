// `--history`: compares a run with all runs before it.
import { Option } from 'commander';
import { plural } from '../base/text.ts';
import { messageOf } from '../base/errors.ts';
import { historyFacts } from '../results/history/facts.ts';
import { appendHistory, readHistory } from '../results/history/file.ts';
import { lineOf } from '../results/history/line.ts';
import { checkApart } from '../../reports/folder/apart.ts';
import type { Results } from '../results/schema.ts';
import { writeLine } from './lines.ts';

export function historyOption(): Option {
  return new Option(
    '--history <file>',
    'file with one line for each run: this run is appended, and the report shows since when each program fails, and which cells are flaky',
  );
}

/** A history and what names it: the option, or the place and key in the configuration. */
export interface NamedHistory {
  path: string;
  place: string;
}

/**
 * Checks the history before the run, so that a fault does not appear only after it.
 * @param out the report folder
 * @throws UserError for a file that is not a history, and for one that the report in `out` would replace
 */
export async function checkHistory(history: NamedHistory | undefined, out: string): Promise<void> {
  if (history === undefined) return;
  await checkApart(out, history.path, history.place);
  await readHistory(history.path);
}

/** Adds the facts of the history to results, and the results to the history. A shard is not added: the merge of all is the run. */
export async function withHistory(results: Results, path: string | undefined): Promise<Results> {
  if (path === undefined) return results;
  if (results.run.shard !== undefined) {
    writeLine(process.stderr, `note: a shard does not go into the history; "corematrix merge --history ${path}" puts the whole run there`);
    return results;
  }
  const line = lineOf(results);
  try {
    const { lines, unreadable } = await readHistory(path);
    if (unreadable > 0) writeLine(process.stderr, `note: ${path}: skipped unreadable lines: ${plural(unreadable, 'line')}`);
    await appendHistory(path, line);
    return { ...results, history: historyFacts(lines, line) };
  } catch (error) {
    // A failing history must not lose the results.
    writeLine(process.stderr, `error: ${messageOf(error)}`);
    return results;
  }
}
