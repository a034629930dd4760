// Checks the modules that objects name against those of the kernels, before any guest boots.
import { didYouMean } from '../../../base/similar.ts';
import type { PlaceOf } from '../place.ts';
import { moduleNames, plainName } from './loaded-modules.ts';

/** An object with the modules that it names. */
interface NamingObject {
  prepared: { modules?: readonly string[] };
  /** The places of its settings. */
  placeOf?: PlaceOf;
  /** Its path, for an object without places. */
  result: { path: string };
}

/** A kernel, the objects that run on it, and its modules. */
export interface KernelModules<Naming extends NamingObject> {
  /** Its name in messages. */
  kernel: string;
  objects: readonly Naming[];
  /** The names of all its modules; null if they are not known here. */
  names: readonly string[] | null;
}

export interface ModuleCheck {
  /** One line for each module that no kernel has. */
  faults: string[];
  /** One line for each module that some kernels lack, or that could not be looked up on all of them. */
  notes: string[];
}

/** A typing error changes the length by no more. */
const MAX_LENGTH_DIFFERENCE = 3;

type Known = Pick<KernelModules<never>, 'kernel' | 'names'>;

function hint(name: string, on: readonly Known[]): string {
  const known = new Set(on.flatMap(({ names }) => names ?? []));
  const near = [...known].filter((each) => Math.abs(each.length - name.length) <= MAX_LENGTH_DIFFERENCE);
  return didYouMean(name, near);
}

const kernelsOf = (on: readonly Known[]) => on.map(({ kernel }) => kernel).join(', ');

function checkOne(name: string, place: string, on: readonly Known[]): Partial<Record<'fault' | 'note', string>> {
  const unknown = on.filter(({ names }) => names === null);
  const lacking = on.filter(({ names }) => names?.includes(plainName(name)) === false);
  const why = `the modules of ${kernelsOf(unknown)} are not in the cache; "corematrix kernels pull --modules" brings them`;
  if (lacking.length === 0) return unknown.length === 0 ? {} : { note: `${place}: module "${name}" cannot be checked: ${why}` };
  const missing = `${place}: no module "${name}" in the package of ${kernelsOf(lacking)}${hint(name, lacking)}`;
  if (unknown.length > 0) return { note: `${missing}; ${why}` };
  return lacking.length === on.length ? { fault: missing } : { note: missing };
}

/** Whether an object names modules. */
export function isNamingModules({ prepared: { modules = [] } }: NamingObject): boolean {
  return modules.length > 0;
}

/**
 * Looks up every module that objects name. A module that none of their kernels has is a fault of the configuration. One that only some
 * kernels lack is not: the cells on these kernels have no verdict.
 */
export function checkModules<Naming extends NamingObject>(kernels: readonly KernelModules<Naming>[]): ModuleCheck {
  const objects = [...new Set(kernels.flatMap((kernel) => kernel.objects))];
  const found = objects.flatMap((object) => {
    const { prepared, placeOf = () => object.result.path } = object;
    const on = kernels.filter((kernel) => kernel.objects.includes(object));
    return (prepared.modules ?? []).map((name, index) => checkOne(name, placeOf(['modules', index]), on));
  });
  const texts = (kind: 'fault' | 'note') => [...new Set(found.flatMap((each) => each[kind] ?? []))];
  return { faults: texts('fault'), notes: texts('note') };
}

/**
 * The names of all modules in a folder.
 * @returns null without a folder, or if it cannot be read
 */
export async function knownModules(folder: string | null): Promise<readonly string[] | null> {
  return folder === null ? null : moduleNames(folder).catch(() => null);
}
