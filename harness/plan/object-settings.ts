// Settings of an object held against what is in it: what names a program that is not there is an error, not a load that passes.
import type { ObjectSettings } from '../config/object-settings.ts';
import { UserError } from '../errors.ts';
import type { BpfObject } from '../object/object.ts';
import { checkTrial } from './trial-settings.ts';

/** Where settings stand that a path of keys leads to: `file:line:column`. */
export type PlaceOf = (path: readonly PropertyKey[]) => string;

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

/**
 * Checks that settings speak of what the object has.
 * @throws UserError naming the place, what is wrong and what the object has
 */
export function checkSettings(settings: ObjectSettings, object: BpfObject, placeOf: PlaceOf): void {
  const names = object.programs.map(({ name }) => name);
  for (const program of Object.keys(settings.programs ?? {})) {
    if (!names.includes(program))
      throw new UserError(`${placeOf(['programs', program])}: no program "${program}" in the object; it has: ${listed(names)}`);
  }
  checkTrial(settings, object, placeOf);
}
