// Default settings of objects.
import { z } from 'zod';
import { objectSettingsSchema } from './object-schema.ts';
import { type ObjectSettings, SETTING_NAMES, type SettingName, SETTINGS } from './setting-table.ts';

/** The settings that `defaults:` may hold. */
export const DEFAULT_NAMES: readonly SettingName[] = SETTING_NAMES.filter((name) => SETTINGS[name].takesDefault !== undefined);

const MASK: { [Name in SettingName]?: true } = Object.fromEntries(DEFAULT_NAMES.map((name) => [name, true]));

export const defaultsSchema = objectSettingsSchema.pick(MASK).describe('Settings of all objects; an object can override them.');

export type Defaults = z.infer<typeof defaultsSchema>;

/** The defaults that apply to an object: those that it does not set itself, and that do not contradict its settings. */
export function defaultsFor(own: ObjectSettings, defaults: Defaults): ObjectSettings {
  const all: ObjectSettings = { ...defaults, ...own };
  const isPossible = (name: SettingName) => own.command === undefined || !SETTINGS[name].isOnlyForAgent;
  const taken = DEFAULT_NAMES.filter(
    (name) => name in defaults && !(name in own) && isPossible(name) && SETTINGS[name].takesDefault?.(all) === true,
  );
  return Object.fromEntries(taken.map((name) => [name, defaults[name]]));
}
