// What help shows below the options of a command: notes, exit codes and examples. The reference page is made from the same facts.
import type { Command } from 'commander';
import { EXIT, EXIT_MEANINGS, EXIT_NAMES, type ExitName } from './exit.ts';

export interface HelpFacts {
  /** What codes mean for this command, beside `usage`, which every command has; absent for a command that only has commands of its own. */
  exit?: Partial<Record<ExitName, string>>;
  /** Whole command lines. */
  examples: readonly [string, ...string[]];
  /** Blocks of lines, each shown as a paragraph of its own. */
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

/** What was given to `addHelp` for a command; undefined for one without. */
export function helpFactsOf(command: Command): HelpFacts | undefined {
  return FACTS.get(command);
}
