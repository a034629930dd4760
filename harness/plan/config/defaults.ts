// What holds for every object that does not say otherwise itself.
import { z } from 'zod';
import { objectSettingsSchema, type ObjectSettings } from './object-settings.ts';

export const defaultsSchema = objectSettingsSchema
  .pick({ mode: true, trigger: true, modules: true, btf: true, pins: true })
  .describe('Settings of every object that does not have them itself.');

export type Defaults = z.infer<typeof defaultsSchema>;

/**
 * The defaults an object takes: none it has itself, and none that contradicts what it has. A loader of its own attaches and runs by
 * itself, and only a run has triggers.
 */
export function defaultsFor(own: ObjectSettings, defaults: Defaults): Defaults {
  const mode = own.mode ?? defaults.mode;
  const fits = (key: string): boolean => {
    if (key in own) return false;
    if (own.command !== undefined && (key === 'mode' || key === 'trigger')) return false;
    return key !== 'trigger' || mode === 'run';
  };
  return Object.fromEntries(Object.entries(defaults).filter(([key]) => fits(key)));
}
