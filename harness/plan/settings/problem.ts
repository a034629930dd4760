// What is wrong with a setting, said in one way.
import { UserError } from '../../base/errors.ts';

/** Where settings stand that a path of keys leads to: `file:line:column`. */
export type PlaceOf = (path: readonly PropertyKey[]) => string;

const MAX_LISTED = 40;

/** Names as a message lists them. */
export function listed(names: readonly string[]): string {
  const more = names.length > MAX_LISTED ? [`and ${names.length - MAX_LISTED} more`] : [];
  return names.length === 0 ? 'none' : [...names.slice(0, MAX_LISTED), ...more].join(', ');
}

/**
 * Says that the object has no such thing.
 * @param kind what is looked for: `program`, `map`, `variable`
 * @throws UserError always
 */
export function notThere(place: string, kind: string, name: string, names: readonly string[]): never {
  throw new UserError(`${place}: no ${kind} "${name}" in the object; it has: ${listed(names)}`);
}
