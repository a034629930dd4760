// Settings that the library of a loader has no way to apply. They are refused before any guest boots.
import { DEFAULT_LIBBPF, libraryName, LIBRARY_LOADERS, type LibraryFamily, namedLoader } from '../../base/loader-name.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { programCodes } from '../settings/alternatives/same-code.ts';
import { placeAt, type PlaceOf } from '../settings/place.ts';
import type { ObjectSettings, SettingName, SettingValues } from './setting-table.ts';

/** A path has it in the place of any name. */
const NAME = 'NAME';

type MemberOf<Group extends 'maps' | 'programs'> = keyof SettingValues[Group][string] & string;

/** A setting as the documentation names it: `maps.NAME.type`. */
type SettingPath = SettingName | `maps.${typeof NAME}.${MemberOf<'maps'>}` | `programs.${typeof NAME}.${MemberOf<'programs'>}`;

/** The groups of `alternatives` that name maps. */
const GROUPS_OF_MAPS = 'groups of maps';

/** The groups of `alternatives` that name maps which no separate programs use. */
const SHARED_MAPS = 'groups of maps of which one program uses several';

/** A setting that a library cannot apply. */
export interface LoaderLimit {
  setting: SettingPath;
  /** The values that it cannot apply. @default all */
  values?: readonly unknown[] | typeof GROUPS_OF_MAPS | typeof SHARED_MAPS;
  /** What the library lacks, without its name. */
  why: string;
}

const ONLY_ENTRIES = 'sets only the number of entries of a map';
const BY_SECTION = 'takes the type of a program only from its section name';

/**
 * The limits of each library.
 * @see applySetting() in harness/loaders/cilium/settings.go; apply() in harness/loaders/aya/src/settings.rs
 */
const LIMITS = {
  cilium: [
    { setting: 'kconfig', why: 'reads only the configuration of the running kernel' },
    {
      setting: 'alternatives',
      values: SHARED_MAPS,
      why: 'creates every map that a loaded program uses',
    },
    { setting: 'maps.NAME.autocreate', values: [false, 'if-supported'], why: 'creates every map of an object' },
  ],
  aya: [
    { setting: 'kconfig', why: 'does not know externs of the kernel configuration' },
    { setting: 'alternatives', values: GROUPS_OF_MAPS, why: 'creates every map of an object before it loads a program' },
    { setting: 'maps.NAME.type', why: ONLY_ENTRIES },
    { setting: 'maps.NAME.key_size', why: ONLY_ENTRIES },
    { setting: 'maps.NAME.value_size', why: ONLY_ENTRIES },
    { setting: 'maps.NAME.inner', why: ONLY_ENTRIES },
    { setting: 'maps.NAME.autocreate', why: ONLY_ENTRIES },
    { setting: 'programs.NAME.type', why: BY_SECTION },
    { setting: 'programs.NAME.attach_type', why: BY_SECTION },
  ],
} as const satisfies Record<LibraryFamily, readonly LoaderLimit[]>;

/** The settings that a loader cannot apply: none for a release of libbpf. */
function limitsOf(loader: string): readonly LoaderLimit[] {
  const { family } = namedLoader(loader);
  if (family === 'libbpf') return [];
  return LIMITS[family];
}

interface Found {
  path: readonly string[];
  value: unknown;
}

/** All values at a path: those of every name where the path has NAME. */
function valuesAt(value: unknown, [key, ...rest]: readonly string[], path: readonly string[] = []): Found[] {
  if (value === undefined) return [];
  if (key === undefined) return [{ path, value }];
  if (value === null || typeof value !== 'object') return [];
  const members = Object.entries(value).filter(([name]) => key === NAME || name === key);
  return members.flatMap(([name, member]) => valuesAt(member, rest, [...path, name]));
}

/** Whether a program that is loaded uses several of the maps. */
function areShared(group: readonly unknown[], object: BpfObject, { programs }: ObjectSettings): boolean {
  const loaded = [...programCodes(object)].filter(([name]) => programs?.[name]?.autoload !== false);
  return loaded.some(([, { maps }]) => group.filter((name) => maps.has(String(name))).length > 1);
}

interface Loading {
  settings: ObjectSettings;
  object: BpfObject | null;
}

function isRefused(value: unknown, values: LoaderLimit['values'], { object, settings }: Loading): boolean {
  if (values === undefined) return true;
  if (typeof values !== 'string') return values.includes(value);
  if (!object || !Array.isArray(value)) return false;
  const groups = value.filter(Array.isArray).filter((group) => object.maps.some(({ name }) => group.includes(name)));
  return groups.some((group) => values === GROUPS_OF_MAPS || areShared(group, object, settings));
}

/**
 * Checks that a loader can apply all settings of an object.
 * @param object the object as it was compiled; null if only values are in question that do not depend on it
 * @throws UserError for the first that it cannot apply, with its place, the loader and what to do
 */
export function checkLoaderApplies(loader: string, settings: ObjectSettings, placeOf: PlaceOf, object: BpfObject | null): void {
  if (settings.command !== undefined) return;
  for (const { setting, values, why } of limitsOf(loader)) {
    const [first] = valuesAt(settings, setting.split('.')).filter(({ value }) => isRefused(value, values, { settings, object }));
    if (!first) continue;
    const key = first.path.at(-1) ?? setting;
    const problem = `${loader} cannot apply ${key}: ${libraryName(loader)} ${why}; remove the setting, or load with ${DEFAULT_LIBBPF}`;
    throw placeAt(placeOf, first.path).problem(problem);
  }
}

/** The limits of all loaders, each with the loaders that have it. */
export function allLimits(): (LoaderLimit & { loaders: readonly string[] })[] {
  return Object.entries(LIMITS).flatMap(([family, limits]) =>
    limits.map((limit) => ({ ...limit, loaders: LIBRARY_LOADERS.filter((loader) => loader.startsWith(`${family}@`)) })),
  );
}
