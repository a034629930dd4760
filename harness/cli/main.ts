#!/usr/bin/env node
// The command line. Each command is a file of its own beside this one.
import { Command, CommanderError } from 'commander';
import { InfraError } from '../base/errors.ts';
import { visibleText } from '../base/visible.ts';
import { VERSION } from '../base/version.ts';
import { EXIT, exitCodeOf, reportError } from './exit.ts';
import { writeLine } from './lines.ts';

type Add = (program: Command) => void;

/** Each command is loaded only when it is named: some take longer to load than others to do what they do. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  run: async () => (await import('./run.ts')).addRunCommand,
  plan: async () => (await import('./plan.ts')).addPlanCommand,
  init: async () => (await import('./init.ts')).addInitCommand,
  predict: async () => (await import('./predict.ts')).addPredictCommand,
  explain: async () => (await import('./explain.ts')).addExplainCommand,
  floor: async () => (await import('./floor.ts')).addFloorCommand,
  shell: async () => (await import('./shell.ts')).addShellCommand,
  rerun: async () => (await import('./rerun.ts')).addRerunCommand,
  types: async () => (await import('./types.ts')).addTypesCommand,
  report: async () => (await import('./report.ts')).addReportCommand,
  merge: async () => (await import('./merge.ts')).addMergeCommand,
  expectations: async () => (await import('./expectations.ts')).addExpectationsCommand,
  kernels: async () => (await import('./kernels.ts')).addKernelsCommand,
  doctor: async () => (await import('./doctor.ts')).addDoctorCommand,
};

/** The command that is named, else all of them: for help, and for what somebody may have meant. */
async function adders(named: string | undefined): Promise<Add[]> {
  const own = named !== undefined && Object.hasOwn(COMMANDS, named) ? COMMANDS[named] : undefined;
  return Promise.all((own ? [own] : Object.values(COMMANDS)).map(async (load) => load()));
}

/** The message holds arguments as they were typed; a suggestion, which does not, stands on a line of its own. */
function writeUsageError(text: string): void {
  const suggestion = /\n\(Did you mean [^\n]*\)\s*$/.exec(text);
  writeLine(process.stderr, text.slice(0, suggestion?.index).trimEnd());
  if (suggestion) writeLine(process.stderr, suggestion[0].trim());
}

async function buildProgram(): Promise<Command> {
  const program = new Command('corematrix')
    .description('On which kernels does a compiled CO-RE BPF object load, and where it does not, exactly why?')
    .version(VERSION)
    .showHelpAfterError('(add --help for what is possible)')
    .configureOutput({
      writeErr: (text) => process.stderr.write(visibleText(text)),
      outputError: writeUsageError,
    })
    .exitOverride();
  for (const add of await adders(process.argv[2])) add(program);
  for (const command of program.commands) command.exitOverride().showHelpAfterError('(add --help for what is possible)');
  return program;
}

/** Ends the process for an error outside of any command. Node.js would exit with 1, which means a compatibility failure. */
function endFor(error: unknown): void {
  reportError(error);
  process.exit(exitCodeOf(error));
}

/** A reader such as `head` may close the pipe before everything is written, which is no error. */
function onStreamError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') endFor(new InfraError(`the output cannot be written: ${error.message}`, { cause: error }));
}

async function main(): Promise<void> {
  process.on('uncaughtException', endFor);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onStreamError);
  try {
    await (await buildProgram()).parseAsync();
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
