// Settings that the library of a loader has no way to apply. They are refused before any guest boots.
import { DEFAULT_LIBBPF, libraryName, type LibraryFamily, namedLoader } from '../../base/loader-name.ts';
import { placeAt, type PlaceOf } from '../settings/place.ts';
import type { ObjectSettings } from './setting-table.ts';

/** A setting that a library cannot apply. */
interface Limit {
  /** The keys that lead to the setting. */
  path: readonly string[];
  /** What the library lacks, without its name. */
  why: string;
}

type LimitsOf = (settings: ObjectSettings, loader: string) => Limit[];

/** The limits of all maps or programs, by their names. */
function inEach<Value>(
  group: 'maps' | 'programs',
  values: Record<string, Value> = {},
  find: (value: Value) => readonly (readonly [string, string])[],
) {
  return Object.entries(values).flatMap(([name, value]) => find(value).map(([key, why]): Limit => ({ path: [group, name, key], why })));
}

const CHOOSES_NONE = 'does not choose among programs or maps';
const ONLY_ENTRIES = 'sets only the number of entries of a map';
const BY_SECTION = 'takes the type of a program only from its section name';

/**
 * The limits of each library.
 * @see applySetting() in harness/loaders/cilium/settings.go; apply() in harness/loaders/aya/src/settings.rs
 */
const LIMITS = {
  cilium: ({ kconfig, alternatives, maps, programs }) => [
    ...(kconfig ? [{ path: ['kconfig'], why: 'reads only the configuration of the running kernel' }] : []),
    ...(alternatives ? [{ path: ['alternatives'], why: CHOOSES_NONE }] : []),
    ...inEach('maps', maps, ({ autocreate = true }) => (autocreate === true ? [] : [['autocreate', 'creates every map of an object']])),
    ...inEach('programs', programs, ({ autoload }) =>
      autoload === 'if-supported' ? [['autoload', 'does not ask the kernel for what it supports']] : [],
    ),
  ],
  aya: ({ kconfig, alternatives, maps, programs }, loader) => [
    ...(kconfig ? [{ path: ['kconfig'], why: 'does not know externs of the kernel configuration' }] : []),
    ...(alternatives ? [{ path: ['alternatives'], why: CHOOSES_NONE }] : []),
    ...inEach('maps', maps, (map) =>
      (['type', 'key_size', 'value_size', 'inner', 'autocreate'] as const)
        .filter((key) => map[key] !== undefined)
        .map((key) => [key, ONLY_ENTRIES] as const),
    ),
    ...inEach('programs', programs, ({ type, attach_type: attachType, autoload }) => [
      ...(type === undefined ? [] : [['type', BY_SECTION] as const]),
      ...(attachType === undefined ? [] : [['attach_type', BY_SECTION] as const]),
      ...(autoload === 'if-supported' && loader === 'aya@0.13'
        ? [['autoload', 'cannot ask the kernel for what it supports'] as const]
        : []),
    ]),
  ],
} satisfies Record<LibraryFamily, LimitsOf>;

/**
 * Checks that a loader can apply all settings of an object.
 * @throws UserError for the first that it cannot apply, with its place, the loader and what to do
 */
export function checkLoaderApplies(loader: string, settings: ObjectSettings, placeOf: PlaceOf): void {
  const { family } = namedLoader(loader);
  if (family === 'libbpf' || settings.command !== undefined) return;
  const [first] = LIMITS[family](settings, loader);
  if (!first) return;
  const { path, why } = first;
  const problem = `${loader} cannot apply ${path.at(-1) ?? ''}: ${libraryName(loader)} ${why}; remove the setting, or load with ${DEFAULT_LIBBPF}`;
  throw placeAt(placeOf, path).problem(problem);
}
