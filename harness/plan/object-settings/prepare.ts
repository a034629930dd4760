// Prepares the settings of an object: checks them against it, turns values into bytes, and reads the files that they name.
import { faultsOf, UserFaults } from '../../base/errors.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { placeAt, type PlaceOf } from '../settings/place.ts';
import type { SettingInput } from '../settings/definition.ts';
import { type ObjectSettings, type PreparedSettings, SETTING_NAMES, type SettingName, SETTINGS } from './setting-table.ts';

/** The inputs of preparing, besides the settings themselves. */
interface PrepareInput extends Pick<SettingInput<ObjectSettings>, 'object' | 'file' | 'directory'> {
  placeOf: PlaceOf;
}

async function addPrepared<Name extends SettingName>(
  prepared: Pick<PreparedSettings, Name>,
  name: Name,
  settings: ObjectSettings,
  { placeOf, ...input }: PrepareInput,
): Promise<void> {
  const value = settings[name];
  if (value === undefined) return;
  const place = placeAt(placeOf, [name]);
  if (settings.command !== undefined && SETTINGS[name].isOnlyForAgent)
    throw place.problem(
      `"${name}" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two`,
    );
  prepared[name] = await SETTINGS[name].prepare(value, { ...input, settings, place });
}

/**
 * Prepares every setting that an object has.
 * @param except settings that are prepared elsewhere
 * @throws UserFaults with all values that do not fit the object, each with its place, the problem and the possible names
 */
export async function prepareSettings(
  settings: ObjectSettings,
  input: PrepareInput,
  except: ReadonlySet<SettingName> = new Set(),
): Promise<PreparedSettings> {
  const prepared: PreparedSettings = {};
  const faults: string[] = [];
  for (const name of SETTING_NAMES.filter((each) => !except.has(each))) {
    await addPrepared(prepared, name, settings, input).catch((error: unknown) => {
      faults.push(...faultsOf(error));
    });
  }
  if (faults.length > 0) throw new UserFaults(input.file.path, faults);
  return prepared;
}

function appliedTo<Name extends SettingName>(object: BpfObject, prepared: Pick<PreparedSettings, Name>, name: Name): BpfObject {
  const own = prepared[name];
  return own === undefined ? object : (SETTINGS[name].apply?.(object, own) ?? object);
}

/** The object as a loader with these settings loads it. Predictions are made from this one. */
export function asLoaded(object: BpfObject, prepared: PreparedSettings): BpfObject {
  return SETTING_NAMES.reduce((loaded, name) => appliedTo(loaded, prepared, name), object);
}
