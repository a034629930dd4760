// Finds every part of a configuration that does not fit the schema.
import { z } from 'zod';
import { didYouMean } from '../../base/similar.ts';
import { faultWords } from './fault-words.ts';
import { type Config, configSchema } from './schema.ts';
import { type UsableObject, usableObjects } from './usable-objects.ts';

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A part of a configuration that does not fit. */
export interface ConfigFault {
  /** Keys and positions that lead to the value. */
  path: readonly PropertyKey[];
  /** The key at fault in the map at `path`; null if the value is at fault. */
  key: string | null;
  problem: string;
}

/** More are only counted, because a file of random text has thousands. */
const MAX_FAULTS = 100;

/** A key with a typing error is unknown, and the key that was meant is missing. One message is enough. */
function withoutMissing(issues: readonly Issue[]): Issue[] {
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ path: issue.path.join('\0'), key })) : [],
  );
  const isMeant = ({ path, input }: Issue) =>
    input === undefined &&
    unknown.some((one) => one.path === path.slice(0, -1).join('\0') && didYouMean(one.key, [String(path.at(-1))]) !== '');
  return issues.filter((issue) => issue.code === 'unrecognized_keys' || !isMeant(issue));
}

/** Whether an issue is about a key of the value itself. */
function isUnfitKey({ code, input, path }: Issue): boolean {
  return code === 'unrecognized_keys' || (input === undefined && path.length === 1);
}

/** The issues of the alternative of a union that the user meant: the one with the fewest unknown and missing keys. */
function ofMeant(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branches = issue.errors.map((branch) => withoutMissing(branch.flatMap(ofMeant)));
  // An alternative of another type than the value has one issue, about the whole value.
  const possible = branches.filter(
    (branch) => branch.length > 0 && branch.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  const unfit = (branch: readonly Issue[]) => branch.filter(isUnfitKey).length;
  const [meant] = possible.toSorted((a, b) => unfit(a) - unfit(b));
  return meant?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

/** The keys that the JSON Schema allows in the map at a path. */
function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  const [key, ...rest] = path;
  const alternatives = schema.anyOf ?? [schema];
  return alternatives.flatMap(({ properties = {}, items, additionalProperties, anyOf }) => {
    if (anyOf) return keysAt({ anyOf }, path);
    if (key === undefined) return Object.keys(properties);
    const inner = typeof key === 'number' ? items : (properties[String(key)] ?? additionalProperties);
    return typeof inner === 'object' && !Array.isArray(inner) ? keysAt(inner, rest) : [];
  });
}

/** Made at its first use, because this takes several times as long as reading a configuration. */
let keys: JsonSchema | null = null;

function possibleKeys(path: readonly PropertyKey[]): string[] {
  keys ??= z.toJSONSchema(configSchema, { io: 'input', reused: 'inline' });
  return [...new Set(keysAt(keys, path))];
}

function faultsOfIssue(issue: Issue): ConfigFault[] {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys') {
    const possible = possibleKeys(path);
    return issue.keys.slice(0, MAX_FAULTS).map((key) => {
      const problem = `unknown key "${key}"${didYouMean(key, possible)}; possible here: ${possible.join(', ')}`;
      return { path, key, problem };
    });
  }
  const where = path.length > 0 ? `${path.join('.')}: ` : '';
  return [{ path, key: issue.code === 'invalid_key' ? String(path.at(-1)) : null, problem: `${where}${message}` }];
}

/** What is wrong with a configuration. */
export interface SchemaFaults {
  /** Without order. */
  faults: ConfigFault[];
  /** The number of all faults. */
  total: number;
  /** The objects of the configuration without what is wrong with them. */
  objects: UsableObject[];
}

/**
 * Checks a value against the schema of a configuration.
 * @returns the configuration, or what is wrong with it
 */
export function checkSchema(value: unknown): { config: Config } | SchemaFaults {
  const { data, error } = configSchema.safeParse(value, { error: faultWords, reportInput: true });
  if (!error) return { config: data };
  const issues = withoutMissing(error.issues.slice(0, MAX_FAULTS).flatMap(ofMeant));
  const faults = issues.flatMap(faultsOfIssue);
  const unshown = error.issues.slice(MAX_FAULTS).length;
  const keysBeyond = issues.map((issue) => (issue.code === 'unrecognized_keys' ? Math.max(0, issue.keys.length - MAX_FAULTS) : 0));
  const total = keysBeyond.reduce((sum, count) => sum + count, faults.length + unshown);
  return { faults, total, objects: usableObjects(value, faults) };
}
