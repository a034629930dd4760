// docs/reference/command-line.md: every command, from the definitions that the command line itself works by.
import type { Argument, Command, Option } from 'commander';
import { helpFactsOf, exitCodesOf } from '../cli/help.ts';
import { buildProgram } from '../cli/program.ts';
import { blocks, code, generatedFrom, plainText, table } from './markdown.ts';

function argumentsTable(command: Command, args: readonly Argument[]): string[] {
  const help = command.createHelp();
  if (args.length === 0) return [];
  return [
    table(
      ['argument', 'meaning'],
      args.map((argument) => [code(help.argumentTerm(argument)), plainText(help.argumentDescription(argument))]),
    ),
  ];
}

function optionsTables(command: Command): string[] {
  const help = command.createHelp();
  const groups = new Map<string, Option[]>();
  for (const option of command.options) {
    const group = option.helpGroupHeading ?? 'Options:';
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  return [...groups].flatMap(([group, options]) => [
    ...(groups.size > 1 ? [`**${group.replace(/:$/, '')}**`] : []),
    table(
      ['option', 'meaning'],
      options.map((option) => [code(option.flags), plainText(help.optionDescription(option))]),
    ),
  ]);
}

function commandSection(command: Command, name: string): string[] {
  const facts = helpFactsOf(command);
  const codes = facts ? exitCodesOf(facts) : [];
  const own = blocks(
    `## ${name}`,
    plainText(command.description()),
    `\`\`\`sh\n${command.createHelp().commandUsage(command)}\n\`\`\``,
    ...argumentsTable(command, command.registeredArguments),
    ...optionsTables(command),
    ...(facts?.notes ?? []).map((note) => `\`\`\`text\n${note.trim()}\n\`\`\``),
    ...(codes.length === 0
      ? []
      : [
          'Exit codes:',
          table(
            ['code', 'meaning'],
            codes.map(({ code: number, meaning }) => [String(number), plainText(meaning)]),
          ),
        ]),
    ...(facts ? ['Examples:', `\`\`\`sh\n${facts.examples.join('\n')}\n\`\`\``] : []),
  );
  return [own, ...command.commands.flatMap((one) => commandSection(one, `${name} ${one.name()}`))];
}

function contents(command: Command, name: string): string[] {
  return command.commands.flatMap((one) => {
    const full = `${name} ${one.name()}`;
    const inner = contents(one, full).map((line) => `  ${line}`);
    return [`- [${full}](#${full.replaceAll(' ', '-')}): ${plainText(one.summary())}`, ...inner];
  });
}

/** The text of the page. */
export async function commandLinePage(): Promise<string> {
  const program = await buildProgram();
  return blocks(
    generatedFrom('harness/cli'),
    '# Command line',
    '`--help` after any command shows the same text. [exit-codes.md](exit-codes.md) lists the exit codes of all commands.',
    contents(program, program.name()).join('\n'),
    ...commandSection(program, program.name()),
  );
}
