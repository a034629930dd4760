// Results of earlier schema versions under the names of this one.
import { SCHEMA_VERSION } from './schema.ts';

interface Rename {
  /** Path to the objects with the key; `[]` means every item of a list. */
  in: readonly string[];
  from: string;
  to: string;
}

/** What each version renamed in the one before it. Renames are made in this order, so later ones find a parent under its new name. */
const RENAMES: Readonly<Record<number, readonly Rename[]>> = {
  2: [
    { in: ['run'], from: 'helper', to: 'agent' },
    { in: ['run'], from: 'otherHelpers', to: 'otherAgents' },
    { in: ['cells', '[]'], from: 'taken', to: 'chosen' },
    { in: ['history'], from: 'known', to: 'runsKnown' },
    { in: [], from: 'types', to: 'layouts' },
    { in: ['layouts'], from: 'left', to: 'omitted' },
    { in: ['explanation'], from: 'silent', to: 'semanticChanges' },
    { in: ['explanation', 'causes', '[]'], from: 'known', to: 'knownChange' },
    { in: ['explanation', 'causes', '[]'], from: 'hides', to: 'notReached' },
    { in: ['explanation', 'causes', '[]', 'presence'], from: 'hasNot', to: 'lacks' },
    { in: ['explanation', 'causes', '[]', 'situations', '[]', 'alternatives', '[]'], from: 'ways', to: 'paths' },
  ],
};

/** The oldest schema version that `upgradeResults` reads. */
export const OLDEST_VERSION = 1;

/** A copy of an object with one key renamed in its place; unchanged if it lacks the key or already has the new one. */
function renamed(value: object, from: string, to: string): object {
  if (!Object.hasOwn(value, from) || Object.hasOwn(value, to)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key === from ? to : key, item]));
}

/** Applies a rename below a value. A value of an unexpected type stays unchanged, so that the schema reports it. */
function applyRename(value: unknown, rename: Rename): unknown {
  if (value === null || typeof value !== 'object') return value;
  const [step, ...rest] = rename.in;
  if (step === undefined) return renamed(value, rename.from, rename.to);
  const inner = { ...rename, in: rest };
  if (step === '[]') return Array.isArray(value) ? value.map((item: unknown) => applyRename(item, inner)) : value;
  if (!Object.hasOwn(value, step)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [key, key === step ? applyRename(item, inner) : item]),
  );
}

/**
 * Turns the parsed JSON of an earlier results.json into what this version writes.
 * @param value any JSON value; only its keys are changed, and the result is not checked
 * @param version its `schemaVersion`, from `OLDEST_VERSION` up
 * @returns a copy with the keys and the `schemaVersion` of this version; the input stays unchanged
 */
export function upgradeResults(value: unknown, version: number): unknown {
  if (version >= SCHEMA_VERSION) return value;
  const next = version + 1;
  const upgraded = (RENAMES[next] ?? []).reduce(applyRename, value);
  return upgradeResults(upgraded && typeof upgraded === 'object' ? { ...upgraded, schemaVersion: next } : upgraded, next);
}
