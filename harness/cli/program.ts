// The commands of the command line. Each command has its own file beside this one.
import { Command } from 'commander';
import { VERSION } from '../base/version.ts';
import { visibleText } from '../base/visible.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { writeLine } from './lines.ts';
import { takeOneValueEach } from './once.ts';

type Add = (program: Command) => void;

interface Entry {
  group: 'Prepare:' | 'Run:' | 'Explain:' | 'Report:';
  load: () => Promise<Add>;
}

/** A command is loaded only if it is named, because some take longer to load than others need for their work. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  init: { group: 'Prepare:', load: async () => (await import('./init.ts')).addInitCommand },
  doctor: { group: 'Prepare:', load: async () => (await import('./doctor.ts')).addDoctorCommand },
  setup: { group: 'Prepare:', load: async () => (await import('./setup.ts')).addSetupCommand },
  kernels: { group: 'Prepare:', load: async () => (await import('./kernels.ts')).addKernelsCommand },
  plan: { group: 'Run:', load: async () => (await import('./plan.ts')).addPlanCommand },
  run: { group: 'Run:', load: async () => (await import('./run.ts')).addRunCommand },
  rerun: { group: 'Run:', load: async () => (await import('./rerun.ts')).addRerunCommand },
  floor: { group: 'Run:', load: async () => (await import('./floor.ts')).addFloorCommand },
  exec: { group: 'Run:', load: async () => (await import('./exec.ts')).addExecCommand },
  shell: { group: 'Run:', load: async () => (await import('./shell.ts')).addShellCommand },
  predict: { group: 'Explain:', load: async () => (await import('./predict.ts')).addPredictCommand },
  explain: { group: 'Explain:', load: async () => (await import('./explain.ts')).addExplainCommand },
  types: { group: 'Explain:', load: async () => (await import('./types.ts')).addTypesCommand },
  report: { group: 'Report:', load: async () => (await import('./report.ts')).addReportCommand },
  merge: { group: 'Report:', load: async () => (await import('./merge.ts')).addMergeCommand },
  expectations: { group: 'Report:', load: async () => (await import('./expectations.ts')).addExpectationsCommand },
};

/** The named command, else all of them: for help, and for suggestions after a typo. */
function entriesFor(named: string | undefined): Entry[] {
  const own = named !== undefined && Object.hasOwn(COMMANDS, named) ? COMMANDS[named] : undefined;
  return own ? [own] : Object.values(COMMANDS);
}

/** The message holds arguments as they were typed, but its suggestion does not and keeps a line of its own. */
function writeUsageError(text: string): void {
  const suggestion = /\n\(Did you mean [^\n]*\)\s*$/.exec(text);
  writeLine(process.stderr, text.slice(0, suggestion?.index).trimEnd());
  if (suggestion) writeLine(process.stderr, suggestion[0].trim());
}

/**
 * The command line.
 * @param named the command that is going to run; without it, or if it is unknown, all commands are loaded
 * @returns a program that throws CommanderError instead of ending the process
 */
export async function buildProgram(named?: string): Promise<Command> {
  const program = new Command('corematrix')
    .description('Finds out on which kernels a compiled CO-RE BPF object loads, and explains why it fails on the others.')
    .version(VERSION)
    .showHelpAfterError('(add --help for the possible arguments)')
    .configureOutput({
      writeErr: (text) => process.stderr.write(visibleText(text)),
      outputError: writeUsageError,
    })
    // Options of `exec` end where its program begins.
    .enablePositionalOptions()
    .exitOverride();
  addHelp(program, {
    exit: EXIT_MEANINGS,
    examples: [
      'corematrix doctor',
      'corematrix predict prog.bpf.o',
      'corematrix run prog.bpf.o -k debian:all',
      'corematrix explain corematrix-report/',
    ],
  });
  for (const { group, load } of entriesFor(named)) {
    const add = await load();
    program.commandsGroup(group);
    add(program);
  }
  takeOneValueEach(program);
  return program;
}
