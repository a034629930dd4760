// Settings of an object held against what is in it: what names a program that is not there is an error, not a load that passes.
import type { ObjectSettings } from './config/object-settings.ts';
import type { Alternatives, BpfObject } from '../bpf/object/object.ts';
import { checkAlternatives } from './settings/alternatives.ts';
import { kconfigText } from './settings/kconfig.ts';
import { checkMaps } from './settings/maps.ts';
import type { PlaceOf } from './settings/problem.ts';
import { checkPrograms } from './settings/programs.ts';
import { encodeVariables, type VariableBytes } from './settings/variables.ts';
import { checkedRunCheck } from './check-run-check.ts';

/** What becomes of settings once the object is known. */
export interface LoadPlan {
  variables: readonly VariableBytes[];
  /** Lines of a kernel configuration. */
  kconfig: string;
  alternatives: readonly Alternatives[];
}

/**
 * Checks that settings speak of what the object has, and makes of values what a loader puts in.
 * @throws UserError naming the place, what is wrong and what the object has
 */
export function planLoad(settings: ObjectSettings, object: BpfObject, placeOf: PlaceOf): LoadPlan {
  checkPrograms(settings.programs ?? {}, object, placeOf);
  checkedRunCheck(settings, object, placeOf);
  checkMaps(settings.maps ?? {}, object.maps, placeOf);
  return {
    variables: encodeVariables(settings.variables ?? {}, object, placeOf),
    kconfig: kconfigText(settings.kconfig ?? {}, object, placeOf),
    alternatives: checkAlternatives(settings.alternatives ?? [], settings.programs ?? {}, object, placeOf),
  };
}
