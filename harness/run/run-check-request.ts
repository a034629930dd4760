// What a guest is asked to do with an object once it is loaded, as frames.
import type { ObjectSettings } from '../plan/config/object-settings.ts';
import type { RequestFrame } from '../guest/frames.ts';
import type { TriggerCommands } from '../plan/packing/trigger-commands.ts';
import type { PlannedCheck, PlannedTrigger, RunCheckPlan } from '../plan/run-check.ts';

function triggerFrames(trigger: PlannedTrigger, index: number, packed: TriggerCommands | null): RequestFrame[] {
  if (trigger.kind === 'built-in') return [{ type: 'trigger', index, name: trigger.name }];
  if (trigger.kind === 'command') {
    const command = packed?.commands.get(index);
    return command ? [{ type: 'triggerCommand', index, ...command }] : [];
  }
  const { program, repeat, data, context } = trigger;
  return [{ type: 'testRun', index, program, repeat, data, context }];
}

/** What the guest has to look at; how often programs ran and what they returned it tells anyway. */
function checkFrames(check: PlannedCheck, index: number): RequestFrame[] {
  if (check.kind === 'events') return [{ type: 'countEvents', index, map: check.map }];
  return check.kind === 'bytes' ? [{ type: 'lookUp', index, map: check.map, key: check.key }] : [];
}

/** The frames that ask for attaching and running; none where an object is only loaded. */
export function runCheckFrames(
  { mode = 'load' }: ObjectSettings,
  runCheck: RunCheckPlan | null,
  packed: TriggerCommands | null,
): RequestFrame[] {
  if (mode === 'load') return [];
  if (!runCheck) return [{ type: 'attach' }];
  return [
    { type: 'attach' },
    ...(packed ? [{ type: 'archive', tar: packed.tar } as const] : []),
    { type: 'run' },
    ...runCheck.triggers.flatMap((trigger, index) => triggerFrames(trigger, index, packed)),
    ...runCheck.checks.flatMap(checkFrames),
  ];
}
