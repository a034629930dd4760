// The settings of an object as request frames, in the order in which its own loader would do these things.
import type { ObjectSettings } from '../plan/config/object-settings.ts';
import type { MapSettings } from '../plan/config/settings/maps.ts';
import type { ProgramSettings } from '../plan/config/settings/programs.ts';
import { type LoadFrame, type MapAttribute, WANTED } from '../guest/load-frames.ts';
import { ATTACH_TYPES } from '../bpf/object/attach-type.ts';
import { MAP_TYPES } from '../bpf/object/maps.ts';
import { PROGRAM_TYPES } from '../bpf/object/program-type.ts';
import type { LoadPlan } from '../plan/object-settings.ts';

function wantedOf(setting: boolean | 'if-supported'): keyof typeof WANTED {
  return setting === 'if-supported' ? setting : setting ? 'yes' : 'no';
}

function programFrames(program: string, { autoload, type, attach_type }: ProgramSettings): LoadFrame[] {
  return [
    ...(type === undefined ? [] : [{ type: 'program-setting', program, attribute: 'type', value: PROGRAM_TYPES.indexOf(type) } as const]),
    ...(attach_type === undefined
      ? []
      : [{ type: 'program-setting', program, attribute: 'attach_type', value: ATTACH_TYPES.indexOf(attach_type) } as const]),
    ...(autoload === undefined ? [] : [{ type: 'autoload', program, wanted: wantedOf(autoload) } as const]),
  ];
}

function innerFrames(map: string, { type, key_size = 0, value_size = 0, max_entries = 0 }: NonNullable<MapSettings['inner']>): LoadFrame[] {
  const mapType = type === undefined ? 0 : MAP_TYPES.indexOf(type);
  return [{ type: 'inner-map', map, mapType, keySize: key_size, valueSize: value_size, maxEntries: max_entries }];
}

function mapFrames(map: string, settings: MapSettings): LoadFrame[] {
  const { type, max_entries, key_size, value_size, cpus, inner, autocreate } = settings;
  const frame = (attribute: MapAttribute, value: number | undefined): LoadFrame[] =>
    value === undefined ? [] : [{ type: 'map-setting', map, attribute, value }];
  return [
    ...frame('type', type && MAP_TYPES.indexOf(type)),
    ...frame('max_entries', max_entries),
    ...frame('key_size', key_size),
    ...frame('value_size', value_size),
    ...frame('cpus', cpus === true ? 1 : undefined),
    ...frame('autocreate', autocreate === undefined ? undefined : WANTED[wantedOf(autocreate)]),
    ...(inner ? innerFrames(map, inner) : []),
  ];
}

/** What the settings of an object ask of the guest. */
export function loadFrames(
  { programs = {}, maps = {}, pins }: ObjectSettings,
  { variables, kconfig, alternatives }: LoadPlan,
): LoadFrame[] {
  return [
    ...Object.entries(programs).flatMap(([name, own]) => programFrames(name, own)),
    ...Object.entries(maps).flatMap(([name, own]) => mapFrames(name, own)),
    ...alternatives.map(({ kind, names }) => ({ type: 'alternatives', kind, names }) as const),
    // A target is looked up when it is set, and only for what is to be loaded: that has to be decided before.
    ...Object.entries(programs).flatMap(([program, { attach_to: target }]): LoadFrame[] =>
      target === undefined ? [] : [{ type: 'attachTo', program, target }],
    ),
    ...variables.map(({ section, offset, bytes }) => ({ type: 'variable', section, offset, bytes }) as const),
    ...(kconfig === '' ? [] : [{ type: 'kconfig', text: kconfig } as const]),
    ...(pins === true ? [{ type: 'pins' } as const] : []),
  ];
}
