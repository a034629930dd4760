// What is to be done with an object once it is loaded, held against what is in it.
import type { ObjectSettings } from './config/object-settings.ts';
import { UserError } from '../base/errors.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import type { PlaceOf } from './settings/problem.ts';

/** Program types whose target is part of the load, not of attaching. */
const BOUND_AT_LOAD: ReadonlySet<string> = new Set(['tracing', 'lsm', 'ext']);

/**
 * Checks what a plan wants of an object once it is loaded.
 * @throws UserError naming the place and what is wrong
 */
export function checkedRunCheck(settings: ObjectSettings, object: BpfObject, placeOf: PlaceOf): void {
  const { mode = 'load', programs = {} } = settings;
  for (const key of ['trigger', 'check'] as const)
    if (mode !== 'run' && settings[key] !== undefined) throw new UserError(`${placeOf([key])}: ${key} is only for "mode: run"`);
  if (settings.command !== undefined && mode !== 'load')
    throw new UserError(
      `${placeOf(['mode'])}: "mode: ${mode}" is for objects that are loaded without "command"; a loader of its own attaches and runs what it loads`,
    );
  if (mode !== 'load') return;
  for (const { name, type } of object.programs) {
    if (programs[name]?.attach_to === undefined || BOUND_AT_LOAD.has(programs[name].type ?? type ?? '')) continue;
    throw new UserError(`${placeOf(['programs', name, 'attach_to'])}: program "${name}" is not attached by a load; say "mode: attach" too`);
  }
}
