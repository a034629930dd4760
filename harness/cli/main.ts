#!/usr/bin/env node
// The command line. Each command is a file of its own beside this one.
import { Command, CommanderError } from 'commander';
import { visibleText } from '../../reports/visible.ts';
import { VERSION } from '../version.ts';
import { EXIT, exitCodeOf, reportError } from './exit.ts';
import { addDoctorCommand } from './doctor.ts';
import { addExpectationsCommand } from './expectations.ts';
import { addInitCommand } from './init.ts';
import { addKernelsCommand } from './kernels.ts';
import { writeLine } from './lines.ts';
import { addMergeCommand } from './merge.ts';
import { addPlanCommand } from './plan.ts';
import { addPredictCommand } from './predict.ts';
import { addReportCommand } from './report.ts';
import { addRunCommand } from './run.ts';
import { addTypesCommand } from './types.ts';

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
  addPlanCommand(program);
  addInitCommand(program);
  addPredictCommand(program);
  addTypesCommand(program);
  addReportCommand(program);
  addMergeCommand(program);
  addExpectationsCommand(program);
  addKernelsCommand(program);
  addDoctorCommand(program);
  for (const command of program.commands) command.exitOverride().showHelpAfterError('(add --help for what is possible)');
  return program;
}

/** A reader such as `head` may go away before everything is written, which is no error of ours. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
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
