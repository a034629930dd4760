// What a guest is asked to do with an object once it is loaded, as frames.
import type { ObjectSettings } from '../config/object-settings.ts';
import type { RequestFrame } from '../guest/frames.ts';
import type { PlannedCheck, PlannedTrigger, TrialPlan } from '../plan/trial.ts';

function triggerFrame(trigger: PlannedTrigger, index: number): RequestFrame {
  if (trigger.kind === 'built-in') return { type: 'trigger', index, name: trigger.name };
  const { program, repeat, data, context } = trigger;
  return { type: 'testRun', index, program, repeat, data, context };
}

/** What the guest has to look at; how often programs ran and what they returned it tells anyway. */
function checkFrames(check: PlannedCheck, index: number): RequestFrame[] {
  if (check.kind === 'events') return [{ type: 'countEvents', index, map: check.map }];
  return check.kind === 'bytes' ? [{ type: 'lookUp', index, map: check.map, key: check.key }] : [];
}

/** The frames that ask for attaching and running; none where an object is only loaded. */
export function trialFrames({ mode = 'load' }: ObjectSettings, trial: TrialPlan | null): RequestFrame[] {
  if (mode === 'load') return [];
  const run = trial ? [{ type: 'run' } as const, ...trial.triggers.map(triggerFrame), ...trial.checks.flatMap(checkFrames)] : [];
  return [{ type: 'attach' }, ...run];
}
