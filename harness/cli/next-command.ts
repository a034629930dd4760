// The command to type after a run.
import { commandLine } from '../../reports/model/reproduce.ts';
import type { Results } from '../results/schema.ts';

/**
 * The command that continues an interrupted run or repeats an interrupted `exec`, or that explains the failures of a finished one; null if nothing is left to do.
 * @param command the command line of the run
 * @param folder the report folder
 */
export function nextCommand({ run, cells }: Pick<Results, 'run' | 'cells'>, command: readonly string[], folder: string): string | null {
  // `exec` has no journal, and explanations are about BPF objects.
  if (command[1] === 'exec') return run.complete ? null : commandLine(command);
  if (!run.complete) return commandLine([...command, ...(command.includes('--resume') ? [] : ['--resume'])]);
  const fails = cells.some(({ programs }) => programs.some(({ status }) => status === 'fail'));
  return fails ? commandLine(['corematrix', 'explain', folder]) : null;
}
