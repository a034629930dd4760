// Places in the settings of an object, and the one form in which a message names a place and its problem.
import { UserError } from '../../base/errors.ts';
import { didYouMean } from '../../base/similar.ts';

/** Gives `file:line:column` of what a path of keys leads to. */
export type PlaceOf = (path: readonly PropertyKey[]) => string;

/** A place in the settings of an object. */
export interface Place {
  /** `file:line:column`. */
  text: () => string;
  /** The place that these keys lead to from here. */
  at: (...keys: readonly PropertyKey[]) => Place;
  /** The error that names this place and what is wrong there; the caller throws it. */
  problem: (text: string, cause?: Error) => UserError;
}

const MAX_LISTED = 40;

/** The place that a path leads to. */
export function placeAt(placeOf: PlaceOf, path: readonly PropertyKey[]): Place {
  const text = () => placeOf(path);
  return {
    text,
    at: (...keys) => placeAt(placeOf, [...path, ...keys]),
    problem: (problem, cause) => new UserError(`${text()}: ${problem}`, cause && { cause }),
  };
}

/** Names as a message lists them, cut after the first 40. */
export function listed(names: readonly string[]): string {
  const more = names.length > MAX_LISTED ? [`and ${names.length - MAX_LISTED} more`] : [];
  return names.length === 0 ? 'none' : [...names.slice(0, MAX_LISTED), ...more].join(', ');
}

/** Words of which one is possible: `a, b or c`. */
export function either(words: readonly string[]): string {
  if (words.length < 2 || words.length > MAX_LISTED) return listed(words);
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/**
 * The error for a name that the object does not have.
 * @param kind what the name should be: `program`, `map`, `variable`
 * @param names what the object has of that kind
 */
export function notInObject(place: Place, kind: string, name: string, names: readonly string[]): UserError {
  return place.problem(`no ${kind} "${name}" in the object${didYouMean(name, names)}; it has: ${listed(names)}`);
}
