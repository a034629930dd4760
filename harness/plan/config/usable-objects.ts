// The objects of a configuration that has faults: what is left of each entry can still be compared with its file.
import { didYouMean } from '../../base/similar.ts';
import type { SettingName } from '../object-settings/setting-table.ts';
import { type ConfiguredObject, objectsSchema } from '../object-settings/object-schema.ts';

/** A part of a configuration that does not fit. */
interface Fault {
  path: readonly PropertyKey[];
  key: string | null;
}

/** An entry of `objects` without the keys at fault. */
export interface UsableObject {
  /** Its position in the configuration. */
  index: number;
  entry: ConfiguredObject;
}

type Entry = Readonly<Record<string, unknown>>;

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Settings that are checked against each other. If one of them is at fault, a fault of another may only follow from it. */
const TOGETHER = ['alternatives', 'mode', 'trigger', 'check', 'command'] as const satisfies readonly SettingName[];

interface LeftOut {
  keys: ReadonlySet<string>;
  /** Whether attach targets, which some modes do not allow, are left out, too. */
  targets: boolean;
}

/** The keys of an entry that faults are about, and those that are checked against them. */
function leftOutOf(faults: readonly Fault[], index: number): LeftOut {
  const own = faults.filter(({ path }) => path[0] === 'objects' && path[1] === index);
  const keys = own.flatMap(({ path, key }) => (path.length > 2 ? [String(path[2])] : (key ?? [])));
  // An unknown key may be one of them with a typing error.
  const isTogether = keys.some((key) => [...TOGETHER, 'programs'].includes(key) || didYouMean(key, TOGETHER) !== '');
  return { keys: new Set(isTogether ? [...keys, ...TOGETHER] : keys), targets: isTogether };
}

function withoutTargets(programs: unknown): unknown {
  if (!isEntry(programs)) return programs;
  const left = Object.entries(programs).map(([name, settings]) => {
    return [name, isEntry(settings) ? Object.fromEntries(Object.entries(settings).filter(([key]) => key !== 'attach_to')) : settings];
  });
  return Object.fromEntries(left);
}

function leftOf(entry: Entry, { keys, targets }: LeftOut): Entry {
  const left = Object.fromEntries(Object.entries(entry).filter(([key]) => !keys.has(key)));
  return targets && 'programs' in left ? { ...left, programs: withoutTargets(left['programs']) } : left;
}

/** The entries of `objects` that fit the schema once the keys at fault are left out. */
export function usableObjects(value: unknown, faults: readonly Fault[]): UsableObject[] {
  const objects = isEntry(value) && Array.isArray(value['objects']) ? value['objects'] : [];
  return objects.flatMap((entry: unknown, index) => {
    const left = isEntry(entry) ? leftOf(entry, leftOutOf(faults, index)) : entry;
    const [usable] = objectsSchema.safeParse([left]).data ?? [];
    return usable === undefined ? [] : [{ index, entry: usable }];
  });
}
