// Options with one value may be given once: of two values, one would be lost without a word.
import type { Command, Option } from 'commander';

/** Whether an option keeps all of its values: it has a list, or its help says so. */
function collects(command: Command, option: Option): boolean {
  return Array.isArray(command.getOptionValue(option.attributeName())) || option.description.includes('repeatable');
}

function refuseSecond(command: Command, option: Option): void {
  let before: { value: string } | null = null;
  command.on(`option:${option.name()}`, (value: string) => {
    if (before && before.value !== value && !collects(command, option))
      command.error(`error: option '${option.flags}' is given twice, with ${before.value} and ${value}; give it once`);
    before = { value };
  });
}

/** Refuses a second value of each option of a command, and of its own commands, unless the option collects its values. */
export function takeOneValueEach(command: Command): void {
  for (const option of command.options) if (option.required || option.optional) refuseSecond(command, option);
  for (const own of command.commands) takeOneValueEach(own);
}
