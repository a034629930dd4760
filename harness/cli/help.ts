// The part of help below the options of a command: notes, exit codes and examples. The reference page is made from the same facts.
import type { Command } from 'commander';
import { EXIT, EXIT_MEANINGS, EXIT_NAMES, type ExitName } from './exit-codes.ts';

export interface HelpFacts {
  /** The meaning of exit codes for this command, besides `usage`, which every command has; absent for a command that only groups others. */
  exit?: Partial<Record<ExitName, string>>;
  /** Whole command lines. */
  examples: readonly [string, ...string[]];
  /** Blocks of lines; each is a paragraph. */
  notes?: readonly string[];
}

const FACTS = new WeakMap<Command, HelpFacts>();

/** The exit codes of a command with their meanings, in numerical order. */
export function exitCodesOf({ exit }: HelpFacts): { code: number; meaning: string }[] {
  if (!exit) return [];
  const meanings: Partial<Record<ExitName, string>> = { usage: EXIT_MEANINGS.usage, ...exit };
  return EXIT_NAMES.flatMap((name) => {
    const meaning = meanings[name];
    return meaning === undefined ? [] : [{ code: EXIT[name], meaning }];
  });
}

const block = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : [[title, ...lines].join('\n')]);

/** Adds notes, exit codes and examples to the help of a command, and keeps them for `helpFactsOf`. */
export function addHelp(command: Command, facts: HelpFacts): Command {
  FACTS.set(command, facts);
  const codes = exitCodesOf(facts).map(({ code, meaning }) => `  ${String(code).padEnd(3)}  ${meaning}`);
  const examples = facts.examples.map((line) => `  ${line}`);
  const blocks = [...(facts.notes ?? []), ...block('Exit codes:', codes), ...block('Examples:', examples)];
  return command.addHelpText('after', `\n${blocks.join('\n\n')}`);
}

/** The facts that `addHelp` got for a command; undefined without. */
export function helpFactsOf(command: Command): HelpFacts | undefined {
  return FACTS.get(command);
}
