// Groups of alternatives held against the programs and maps an object has.
import type { ProgramSettings } from '../config/settings/programs.ts';
import { UserError } from '../../base/errors.ts';
import type { Alternatives, BpfObject } from '../../bpf/object/object.ts';
import { notThere, type PlaceOf } from './problem.ts';

/**
 * Checks groups of alternatives and says of each whether it is one of programs or of maps.
 * @throws UserError with the place, what is wrong and what the object has
 */
export function checkAlternatives(
  groups: readonly (readonly string[])[],
  programSettings: Readonly<Record<string, ProgramSettings>>,
  { programs, maps }: Pick<BpfObject, 'programs' | 'maps'>,
  placeOf: PlaceOf,
): Alternatives[] {
  const chosen = new Set<string>();
  const programNames = new Set(programs.map(({ name }) => name));
  const mapNames = new Set(maps.map(({ name }) => name));
  return groups.map((names, group) => {
    const kind = names.some((name) => programNames.has(name)) ? 'programs' : 'maps';
    const [own, what] = kind === 'programs' ? [programNames, 'program'] : [mapNames, 'map'];
    for (const [index, name] of names.entries()) {
      const place = placeOf(['alternatives', group, index]);
      if (!own.has(name)) notThere(place, names.some((each) => own.has(each)) ? what : 'program or map', name, [...own]);
      if (chosen.has(name)) throw new UserError(`${place}: "${name}" stands in the alternatives twice`);
      if (kind === 'programs' && programSettings[name]?.autoload === false)
        throw new UserError(`${place}: "${name}" is one of alternatives, but its autoload is false`);
      chosen.add(name);
    }
    return { kind, names };
  });
}
