// Runs the command line and turns every error into its message and exit code.
import { CommanderError } from 'commander';
import { blockAsCommandLine } from '../base/blocking.ts';
import { InfraError } from '../base/errors.ts';
import { exitCodeAfter, reportError } from './exit.ts';
import { EXIT } from './exit-codes.ts';
import { InterruptedError } from './interrupt.ts';
import { buildProgram } from './program.ts';

/** Ends the process for an error outside of any command. Node.js would exit with 1, which means a compatibility failure. */
function endFor(error: unknown): void {
  reportError(error);
  process.exit(exitCodeAfter(process.exitCode, error));
}

/** A reader such as `head` may close the pipe early; that is not an error. */
function onStreamError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') endFor(new InfraError(`the output cannot be written: ${error.message}`, { cause: error }));
}

/** Runs the command that the arguments name, and sets the exit code of this process. */
export async function runCommandLine(): Promise<void> {
  blockAsCommandLine();
  process.on('uncaughtException', endFor);
  // With a listener, a write beyond the limit of file sizes fails with EFBIG. Without one, the signal ends this process without a word.
  process.on('SIGXFSZ', () => undefined);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onStreamError);
  try {
    await (await buildProgram(process.argv[2])).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.asExpected : EXIT.usage;
      return;
    }
    if (!(error instanceof InterruptedError)) reportError(error);
    process.exitCode = exitCodeAfter(process.exitCode, error);
  } finally {
    // Work that does not listen to an interrupt must not keep this process.
    if (process.exitCode === EXIT.interrupted) process.exit();
  }
}
