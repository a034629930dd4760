// Settings of maps held against the maps an object has.
import type { MapSettings } from '../config/settings/maps.ts';
import { UserError } from '../../base/errors.ts';
import type { ObjectMap } from '../../bpf/object/maps.ts';
import { notThere, type PlaceOf } from './problem.ts';

const MAPS_OF_MAPS: ReadonlySet<string> = new Set(['array_of_maps', 'hash_of_maps']);
/** What there is to say of a map that the object does not describe. */
const NEEDED = ['type', 'key_size', 'value_size', 'max_entries'] as const;

function checkInner(map: ObjectMap, { type, inner }: MapSettings, placeOf: PlaceOf): void {
  if (!inner) return;
  const place = placeOf(['maps', map.name, 'inner']);
  const ownType = type ?? map.type;
  if (!MAPS_OF_MAPS.has(ownType)) throw new UserError(`${place}: map "${map.name}" is of type ${ownType}, which has no maps in it`);
  const missing = map.hasInner ? [] : NEEDED.filter((key) => inner[key] === undefined);
  if (missing.length > 0)
    throw new UserError(`${place}: the object does not say what the maps in "${map.name}" are like; missing here: ${missing.join(', ')}`);
}

/**
 * Checks settings of maps.
 * @throws UserError with the place, what is wrong and what the object has
 */
export function checkMaps(settings: Readonly<Record<string, MapSettings>>, maps: readonly ObjectMap[], placeOf: PlaceOf): void {
  for (const [name, own] of Object.entries(settings)) {
    const map = maps.find((each) => each.name === name);
    if (!map) {
      notThere(
        placeOf(['maps', name]),
        'map',
        name,
        maps.map((each) => each.name),
      );
    }
    checkInner(map, own, placeOf);
  }
}
