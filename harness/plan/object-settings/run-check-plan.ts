// The triggers and checks of an object, in the form that its verdict needs.
import type { PlannedCheck } from '../settings/check/planned-check.ts';
import type { PlannedTrigger } from '../settings/trigger/planned-trigger.ts';
import type { PreparedSettings } from './setting-table.ts';

export interface RunCheckPlan {
  triggers: readonly PlannedTrigger[];
  /** If there are no checks, every attached program must have run. */
  checks: readonly PlannedCheck[];
}

/** The triggers and checks of a run; null for an object that is only loaded or attached. */
export function runCheckOf({ mode, trigger, check = [] }: PreparedSettings): RunCheckPlan | null {
  return mode === 'run' ? { triggers: trigger?.triggers ?? [], checks: check } : null;
}
