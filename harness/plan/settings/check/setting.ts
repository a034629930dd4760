// `check`: conditions that must be true after the triggers of a run.
import { withAllFaults } from '../../../base/errors.ts';
import type { RequestFrame } from '../../../guest/protocol/frames.ts';
import type { Setting } from '../definition.ts';
import type { Mode } from '../mode-name.ts';
import type { LoadSettings } from '../off-program.ts';
import { type PlannedCheck, planCheck } from './planned-check.ts';
import { checkSchema, type OneCheck } from './schema.ts';

export interface Others extends LoadSettings {
  mode?: Mode | undefined;
}

/** The values that the agent looks up. It always reports how often programs ran and what they returned. */
function checkFrames(check: PlannedCheck, index: number): RequestFrame[] {
  if (check.kind === 'events') return [{ type: 'count-events', index, map: check.map }];
  return check.kind === 'bytes' ? [{ type: 'look-up', index, map: check.map, key: check.key }] : [];
}

export const check: Setting<OneCheck[], readonly PlannedCheck[], Others> = {
  schema: checkSchema,
  prepare: (value, { object, settings, place }) => {
    if (settings.mode !== 'run') throw place.problem('check is only for "mode: run"');
    return withAllFaults('check', value.entries(), ([index, each]) => planCheck(each, { object, settings }, place.at(index)));
  },
  frames: (checks) => checks.flatMap(checkFrames),
};
