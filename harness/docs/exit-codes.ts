// docs/reference/exit-codes.md: what each exit code means, in general and for each command.
import type { Command } from 'commander';
import { EXIT, EXIT_MEANINGS, EXIT_NAMES } from '../cli/exit-codes.ts';
import { exitCodesOf, helpFactsOf } from '../cli/help.ts';
import { buildProgram } from '../cli/program.ts';
import { blocks, generatedFrom, plainText, table } from './markdown.ts';

const INTRODUCTION = `Every command ends with one of these codes. If several apply to a run, the order is: ${EXIT.interrupted} for an interrupted run, then ${EXIT.incompatible},
then ${EXIT.usage}, then ${EXIT.infrastructure}. An infrastructure failure never hides
a compatibility failure, even if the report cannot be written. An object that cannot be used does not keep the
others from running.`;

const RUNS = `These options of \`run\`, or the keys of \`policy:\` in [corematrix.yaml](configuration.md#policy), change what counts:

- \`--gate regressions\`: with a baseline, only regressions lead to ${EXIT.incompatible}. \`--gate regressions+new\`: also failures of programs
  and kernels that the baseline has no verdict of.
- \`--fail-on-flaky\`: a cell that needed more than one attempt leads to ${EXIT.incompatible}.
- \`--max-infra N\`: up to N infrastructure failures do not lead to ${EXIT.infrastructure}.

Infrastructure failures of a kernel that is marked as \`optional\` do not count if the kernel is missing or does not boot.`;

const INTERNAL = `${EXIT.internal} is a fault in corematrix itself, never in your input. The message has the stack trace and names what to add to a bug report.`;

const SIGNALS = `A signal ends a command at once if nothing is to be saved: in the first second of every command, before it listens, and in work that takes
no pause. A shell then shows 128 and the number of the signal: 143 for SIGTERM, 129 for SIGHUP, ${EXIT.interrupted} for SIGINT.`;

function rowsOf(command: Command, name: string): string[][] {
  const facts = helpFactsOf(command);
  const codes = facts ? exitCodesOf(facts) : [];
  const own = codes.map(({ code, meaning }, at) => [
    at === 0 ? `[${name}](command-line.md#${name.replaceAll(' ', '-')})` : '',
    String(code),
    plainText(meaning),
  ]);
  return [...own, ...command.commands.flatMap((one) => rowsOf(one, `${name} ${one.name()}`))];
}

/** The text of the page. */
export async function exitCodesPage(): Promise<string> {
  const program = await buildProgram();
  const rows = program.commands.flatMap((command) => rowsOf(command, `${program.name()} ${command.name()}`));
  return blocks(
    generatedFrom('harness/cli'),
    '# Exit codes',
    INTRODUCTION,
    table(
      ['code', 'meaning'],
      EXIT_NAMES.map((name) => [String(EXIT[name]), plainText(EXIT_MEANINGS[name])]),
    ),
    RUNS,
    INTERNAL,
    SIGNALS,
    '## By command',
    table(['command', 'code', 'meaning'], rows),
  );
}
