// `trigger`: what makes attached programs run in the guest.
import { withAllFaults } from '../../../base/errors.ts';
import type { RequestFrame } from '../../../guest/protocol/frames.ts';
import type { Setting, SettingInput } from '../definition.ts';
import type { Mode } from '../mode-name.ts';
import type { LoadSettings } from '../off-program.ts';
import { type PlannedTrigger, planTrigger } from './planned-trigger.ts';
import { triggerSchema, type TriggerSetting } from './schema.ts';
import { type CommandTrigger, packTriggerCommands, type TriggerCommands } from './pack-trigger-commands.ts';

export interface PreparedTriggers {
  triggers: readonly PlannedTrigger[];
  /** The commands among them; null without any. */
  commands: TriggerCommands | null;
}

export interface Others extends LoadSettings {
  mode?: Mode | undefined;
  command?: unknown;
}

type PlanInput = Pick<SettingInput<Others>, 'object' | 'settings' | 'place'>;

function placedTriggers(value: TriggerSetting, { settings, place }: PlanInput) {
  if (settings.mode !== 'run') throw place.problem('trigger is only for "mode: run"');
  return Array.isArray(value) ? value.map((trigger, index) => ({ trigger, place: place.at(index) })) : [{ trigger: value, place }];
}

/**
 * The triggers without the files of their commands.
 * @throws UserFaults for triggers that do not fit the object
 */
export function plannedTriggers(value: TriggerSetting, input: PlanInput): PlannedTrigger[] {
  return withAllFaults('trigger', placedTriggers(value, input), (each) => planTrigger(each.trigger, input, each.place));
}

async function preparedTriggers(value: TriggerSetting, input: SettingInput<Others>): Promise<PreparedTriggers> {
  const placed = placedTriggers(value, input);
  const triggers = plannedTriggers(value, input);
  const commands = placed.flatMap(({ trigger, place: here }, index): CommandTrigger[] =>
    typeof trigger === 'object' && 'command' in trigger ? [{ index, settings: trigger.command, place: here.at('command') }] : [],
  );
  return { triggers, commands: await packTriggerCommands(commands, input.directory) };
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
