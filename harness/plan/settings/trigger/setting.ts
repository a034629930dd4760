// `trigger`: what makes attached programs run in the guest.
import { withAllFaults } from '../../../base/errors.ts';
import type { RequestFrame } from '../../../guest/protocol/frames.ts';
import type { Setting, SettingInput } from '../definition.ts';
import type { Mode } from '../mode-name.ts';
import { type PlannedTrigger, planTrigger } from './planned-trigger.ts';
import { triggerSchema, type TriggerSetting } from './schema.ts';
import { type CommandTrigger, packTriggerCommands, type TriggerCommands } from './pack-trigger-commands.ts';

export interface PreparedTriggers {
  triggers: readonly PlannedTrigger[];
  /** The commands among them; null without any. */
  commands: TriggerCommands | null;
}

export interface Others {
  mode?: Mode | undefined;
  command?: unknown;
}

async function preparedTriggers(
  value: TriggerSetting,
  { object, settings, directory, place }: SettingInput<Others>,
): Promise<PreparedTriggers> {
  if (settings.mode !== 'run') throw place.problem('trigger is only for "mode: run"');
  const placed = Array.isArray(value) ? value.map((trigger, index) => ({ trigger, place: place.at(index) })) : [{ trigger: value, place }];
  const triggers = withAllFaults('trigger', placed, (each) => planTrigger(each.trigger, object, each.place));
  const commands = placed.flatMap(({ trigger, place: here }, index): CommandTrigger[] =>
    typeof trigger === 'object' && 'command' in trigger ? [{ index, settings: trigger.command, place: here.at('command') }] : [],
  );
  return { triggers, commands: await packTriggerCommands(commands, directory) };
}

function triggerFrames(trigger: PlannedTrigger, index: number, packed: TriggerCommands | null): RequestFrame[] {
  if (trigger.kind === 'built-in') return [{ type: 'trigger', index, name: trigger.name }];
  if (trigger.kind === 'command') {
    const command = packed?.commands.get(index);
    return command ? [{ type: 'trigger-command', index, ...command }] : [];
  }
  const { program, repeat, data, context } = trigger;
  return [{ type: 'test-run', index, program, repeat, data, context }];
}

export const trigger: Setting<TriggerSetting, PreparedTriggers, Others> = {
  schema: triggerSchema,
  takesDefault: ({ mode, command }) => mode === 'run' && command === undefined,
  prepare: preparedTriggers,
  frames: ({ triggers, commands }) => [
    ...(commands ? [{ type: 'archive', tar: commands.tar } as const] : []),
    ...triggers.flatMap((each, index) => triggerFrames(each, index, commands)),
  ],
  sha256: ({ commands }) => commands?.sha256 ?? null,
};
