// `mode`: how far the agent goes with an object.
import { z } from 'zod';
import type { Setting } from '../definition.ts';
import { type Mode, MODES } from '../mode-name.ts';
import { TRIGGER_KINDS } from '../trigger/schema.ts';

export interface Others {
  command?: unknown;
  trigger?: unknown;
}

const schema = z
  .enum(MODES)
  .describe(
    '`load` (default) only loads. `attach` also attaches every program that was loaded. `run` then pulls `trigger` and compares the result with `check`; ' +
      'without `check`, every attached program must have run.',
  );

export const mode: Setting<Mode, Mode, Others> = {
  schema,
  takesDefault: ({ command }) => command === undefined,
  prepare: (value, { settings: { command, trigger }, place }) => {
    if (command !== undefined && value !== 'load')
      throw place.problem(
        `"mode: ${value}" is for objects that are loaded without "command"; a custom loader itself attaches and runs what it loads`,
      );
    if (value === 'run' && trigger === undefined) throw place.problem(`a run needs a trigger: one or more of ${TRIGGER_KINDS.join(', ')}`);
    return value;
  },
  frames: (value) => {
    if (value === 'load') return [];
    return value === 'attach' ? [{ type: 'attach' }] : [{ type: 'attach' }, { type: 'run' }];
  },
};
