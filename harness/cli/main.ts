#!/usr/bin/env node
// The command line. Each command is a file of its own beside this one.
import { Command, CommanderError } from 'commander';
import { visibleText } from '../../reports/visible.ts';
import { VERSION } from '../version.ts';
import { EXIT, exitCodeOf, reportError } from './exit.ts';
import { addKernelsCommand } from './kernels.ts';
import { writeLine } from './lines.ts';
import { addPredictCommand } from './predict.ts';
import { addRunCommand } from './run.ts';

/** The message holds arguments as they were typed; a suggestion, which does not, stands on a line of its own. */
function writeUsageError(text: string): void {
  const suggestion = /\n\(Did you mean [^\n]*\)\s*$/.exec(text);
  writeLine(process.stderr, text.slice(0, suggestion?.index).trimEnd());
  if (suggestion) writeLine(process.stderr, suggestion[0].trim());
}

function buildProgram(): Command {
  const program = new Command('corematrix')
    .description('On which kernels does a compiled CO-RE BPF object load, and where it does not, exactly why?')
    .version(VERSION)
    .showHelpAfterError('(add --help for what is possible)')
    .configureOutput({
      writeErr: (text) => process.stderr.write(visibleText(text)),
      outputError: writeUsageError,
    })
    .exitOverride();
  addRunCommand(program);
  addPredictCommand(program);
  addKernelsCommand(program);
  for (const command of program.commands) command.exitOverride().showHelpAfterError('(add --help for what is possible)');
  return program;
}

async function main(): Promise<void> {
  try {
    await buildProgram().parseAsync();
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
