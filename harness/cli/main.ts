#!/usr/bin/env node
// Runs the command line and turns every error into its message and exit code.
import { CommanderError } from 'commander';
import { InfraError } from '../base/errors.ts';
import { EXIT, exitCodeOf, reportError } from './exit.ts';
import { buildProgram } from './program.ts';

/** Ends the process for an error outside of any command. Node.js would exit with 1, which means a compatibility failure. */
function endFor(error: unknown): void {
  reportError(error);
  process.exit(exitCodeOf(error));
}

/** A reader such as `head` may close the pipe early; that is not an error. */
function onStreamError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') endFor(new InfraError(`the output cannot be written: ${error.message}`, { cause: error }));
}

async function main(): Promise<void> {
  process.on('uncaughtException', endFor);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onStreamError);
  try {
    await (await buildProgram(process.argv[2])).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.asExpected : EXIT.usage;
      return;
    }
    reportError(error);
    process.exitCode = exitCodeOf(error);
  }
}

await main();
