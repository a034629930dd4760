// The table of all settings of an object. Schema, checks, request frames, predictions and proposals are made from it.
import { alternatives } from '../settings/alternatives/setting.ts';
import { btf } from '../settings/btf/setting.ts';
import { check } from '../settings/check/setting.ts';
import { command } from '../settings/command/setting.ts';
import type { Setting } from '../settings/definition.ts';
import { kconfig } from '../settings/kconfig/setting.ts';
import { loader } from '../settings/loader/setting.ts';
import { maps } from '../settings/maps/setting.ts';
import { memory } from '../settings/memory/setting.ts';
import { mode } from '../settings/mode/setting.ts';
import { modules } from '../settings/modules/setting.ts';
import { pins } from '../settings/pins/setting.ts';
import { programs } from '../settings/programs/setting.ts';
import { trigger } from '../settings/trigger/setting.ts';
import { variables } from '../settings/variables/setting.ts';

/** By their keys in corematrix.yaml, in the order in which the agent applies them. */
const REGISTERED = {
  programs,
  maps,
  // Alternatives depend on the program types and map types that are set before.
  alternatives,
  variables,
  kconfig,
  btf,
  pins,
  mode,
  trigger,
  check,
  modules,
  loader,
  memory,
  command,
};

export type SettingName = keyof typeof REGISTERED;

type ValueOf<Registered> = Registered extends Setting<infer Value, infer _Prepared, infer _Others> ? Value : never;
type PreparedOf<Registered> = Registered extends Setting<infer _Value, infer Result, infer _Others> ? Result : never;

/** The value of every setting, as the configuration holds it. */
export type SettingValues = { [Name in SettingName]: ValueOf<(typeof REGISTERED)[Name]> };

/** The settings of one object. */
export type ObjectSettings = { [Name in SettingName]?: SettingValues[Name] | undefined };

/** The prepared value of each setting. */
type Prepared = { [Name in SettingName]: PreparedOf<(typeof REGISTERED)[Name]> };

/** The prepared settings of one object; a setting that the object does not have is absent. */
export type PreparedSettings = Partial<Prepared>;

type SettingTable = { [Name in SettingName]: Setting<SettingValues[Name], Prepared[Name], ObjectSettings> };

export const SETTINGS: SettingTable = REGISTERED;

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(REGISTERED, name);
}

/** The keys of the table, in its order. */
export const SETTING_NAMES: readonly SettingName[] = Object.keys(REGISTERED).filter(isSettingName);
