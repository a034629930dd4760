// `maps`: types and sizes of maps, and whether they are created.
import { withAllFaults } from '../../../base/errors.ts';
import { isDataMap, MAP_TYPES, type MapShape, type ObjectMap } from '../../../bpf/object/maps.ts';
import type { RequestFrame } from '../../../guest/protocol/frames.ts';
import { type MapAttribute, WANTED } from '../../../guest/protocol/frames.ts';
import type { Setting, SettingInput } from '../definition.ts';
import { notInObject, type Place } from '../place.ts';
import { wantedOf } from '../switch.ts';
import { MAPS_OF_MAPS, proposeMaps } from './propose.ts';
import { type MapSettings, mapsSchema, type MapsSettings } from './schema.ts';

/** All that describes a map. */
const NEEDED = ['type', 'key_size', 'value_size', 'max_entries'] as const;

/** @see bpf_map_meta_alloc() in kernel/bpf/map_in_map.c */
const NEVER_INNER: ReadonlySet<string> = new Set([...MAPS_OF_MAPS, 'struct_ops']);

function checkInner(map: ObjectMap, { type: own, inner }: MapSettings, place: Place): void {
  if (!inner) return;
  const type = own ?? map.type;
  if (!MAPS_OF_MAPS.has(type)) throw place.problem(`map "${map.name}" is of type ${type}, which has no maps in it`);
  if (inner.type !== undefined && NEVER_INNER.has(inner.type))
    throw place.at('type').problem(`no kernel accepts maps of type ${inner.type} in a map of maps`);
  const missing = map.hasInner ? [] : NEEDED.filter((key) => inner[key] === undefined);
  if (missing.length > 0) throw place.problem(`the object does not define the maps in "${map.name}"; missing here: ${missing.join(', ')}`);
}

type Decided = 'type' | 'key_size' | 'value_size' | 'max_entries' | 'cpus';

/**
 * What the loader itself decides about maps that it makes of sections, and the value that each of these then has; null if only the kernel knows it.
 * @see bpf_object_init_struct_ops() and bpf_object__init_internal_map() in libbpf.c
 */
function decidedBy(map: ObjectMap): { what: string; values: Readonly<Partial<Record<Decided, string | number | boolean | null>>> } | null {
  if (isDataMap(map)) return { what: 'a data section', values: { type: 'array', key_size: 4, max_entries: 1, cpus: false } };
  if (map.type !== 'struct_ops') return null;
  return { what: 'a struct_ops map', values: { type: 'struct_ops', key_size: 4, value_size: null, max_entries: 1, cpus: false } };
}

const DECIDED = ['type', 'key_size', 'value_size', 'max_entries', 'cpus'] as const satisfies readonly Decided[];

function checkDecided(map: ObjectMap, own: MapSettings, place: Place): void {
  const decided = decidedBy(map);
  if (!decided) return;
  const { what, values } = decided;
  withAllFaults('maps', DECIDED, (key) => {
    const value = values[key];
    if (value === undefined || own[key] === undefined || own[key] === value) return;
    const fixed = typeof value === 'boolean' || value === null ? '' : ` to ${value}`;
    throw place
      .at(key)
      .problem(`"${map.name}" is ${what}: the loader itself sets its ${key === 'cpus' ? 'max_entries' : key}${fixed}; remove ${key}`);
  });
}

/** Checks that the loader can give a map another type. */
function checkType(map: ObjectMap, { type, inner }: MapSettings, place: Place): void {
  if (type === undefined || type === map.type) return;
  if (type === 'struct_ops')
    throw place.problem(`"${map.name}" is of type ${map.type}; only variables in the section .struct_ops are struct_ops maps`);
  if (MAPS_OF_MAPS.has(type) && !map.hasInner && !inner)
    throw place.problem(`a map of type ${type} needs the maps in it, and the object does not define them; add "inner"`);
}

function checkMaps(value: MapsSettings, { object: { maps }, place }: SettingInput<unknown>): void {
  const names = maps.map(({ name }) => name);
  withAllFaults('maps', Object.entries(value), ([name, own]) => {
    const map = maps.find((each) => each.name === name);
    if (!map) throw notInObject(place.at(name), 'map', name, names);
    checkDecided(map, own, place.at(name));
    checkType(map, own, place.at(name, 'type'));
    checkInner(map, own, place.at(name, 'inner'));
  });
}

function appliedInner(defined: MapShape | undefined, set: NonNullable<MapSettings['inner']>): MapShape {
  return {
    type: set.type ?? defined?.type ?? 'unknown',
    maxEntries: set.max_entries ?? defined?.maxEntries ?? null,
    keySize: set.key_size ?? defined?.keySize ?? null,
    valueSize: set.value_size ?? defined?.valueSize ?? null,
    flags: defined?.flags ?? null,
  };
}

function applied(map: ObjectMap, { type, autocreate, max_entries, key_size, value_size, cpus, inner }: MapSettings = {}): ObjectMap {
  return {
    ...map,
    type: type ?? map.type,
    // The number of processors is known in the guest only; it is never 0.
    maxEntries: max_entries ?? (cpus === true ? 1 : map.maxEntries),
    keySize: key_size ?? map.keySize,
    valueSize: value_size ?? map.valueSize,
    hasInner: map.hasInner || inner !== undefined,
    ...(inner && { inner: appliedInner(map.inner, inner) }),
    autocreate: autocreate ?? map.autocreate,
  };
}

function innerFrame(map: string, { type, key_size = 0, value_size = 0, max_entries = 0 }: NonNullable<MapSettings['inner']>): RequestFrame {
  const mapType = type === undefined ? 0 : MAP_TYPES.indexOf(type);
  return { type: 'inner-map', map, mapType, keySize: key_size, valueSize: value_size, maxEntries: max_entries };
}

function mapFrames(map: string, settings: MapSettings): RequestFrame[] {
  const { type, max_entries, key_size, value_size, cpus, inner, autocreate } = settings;
  const frame = (attribute: MapAttribute, value: number | undefined): RequestFrame[] =>
    value === undefined ? [] : [{ type: 'map-setting', map, attribute, value }];
  return [
    ...frame('type', type && MAP_TYPES.indexOf(type)),
    ...frame('max_entries', max_entries),
    ...frame('key_size', key_size),
    ...frame('value_size', value_size),
    ...frame('cpus', cpus === true ? 1 : undefined),
    ...frame('autocreate', autocreate === undefined ? undefined : WANTED.words.indexOf(wantedOf(autocreate))),
    ...(inner ? [innerFrame(map, inner)] : []),
  ];
}

export const maps: Setting<MapsSettings, MapsSettings> = {
  schema: mapsSchema,
  isOnlyForAgent: true,
  prepare: (value, input) => {
    checkMaps(value, input);
    return value;
  },
  apply: (object, own) => ({ ...object, maps: object.maps.map((map) => applied(map, own[map.name])) }),
  frames: (own) => Object.entries(own).flatMap(([name, settings]) => mapFrames(name, settings)),
  propose: proposeMaps,
};
