// Reads corematrix.yaml. Every error names file, line and column.
import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { messageOf, UserError } from '../../base/errors.ts';
import { type FileLimit, readUserFile } from '../../base/user-file.ts';
import { type Config, configSchema } from './schema.ts';

/** No real configuration has more aliases. A document with more tries to exhaust memory. */
const MAX_ALIASES = 100;
/** Enough for thousands of expectations. Reading takes about 2 ms for each KiB, and up to 30 ms if every character is an error. */
const MAX_CHARACTERS = 256 << 10;
export const CONFIG_FILE = { kind: 'a configuration', maxBytes: 4 * MAX_CHARACTERS } as const satisfies FileLimit;

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A configuration with the places of its values in the file. */
export interface PlacedConfig {
  config: Config;
  /** `file:line:column` of the value that a path of keys leads to; if it does not exist, of the nearest value around it. */
  at: (path: readonly PropertyKey[]) => string;
}

/** The offset of the node that the path leads to; if it does not exist, of the nearest node around it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: readonly PropertyKey[], key: string): number {
  const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
  return pair && isScalar(pair.key) && pair.key.range ? pair.key.range[0] : offsetOf(document, path);
}

/**
 * Finds duplicate keys of a map and too many aliases, null if there are none. The checks of the library for these take quadratic time.
 */
function findExcess(document: Document): { offset: number; problem: string } | null {
  let found: { offset: number; problem: string } | null = null;
  let aliases = 0;
  const stop = (offset: number, problem: string) => {
    found = { offset, problem };
    return visit.BREAK;
  };
  visit(document, {
    Alias: (_, { range }) => (++aliases > MAX_ALIASES ? stop(range?.[0] ?? 0, `more than ${MAX_ALIASES} aliases`) : undefined),
    Map: (_, { items }) => {
      const keys = new Set<string>();
      for (const { key } of items) {
        const scalar = isAlias(key) ? key.resolve(document) : key;
        if (!isScalar(scalar)) continue;
        // Keys such as 1 and "1" give the same member.
        const name = String(scalar.value);
        if (keys.has(name)) return stop((isNode(key) ? key.range?.[0] : undefined) ?? 0, `duplicate key "${name}"`);
        keys.add(name);
      }
      return undefined;
    },
  });
  return found;
}

function placeOf(name: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${name}:${line}:${col}`;
}

function describeIssue(issue: Issue): string {
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return `${where}${issue.message}`;
}

/** The issue in the alternative of a union that the user meant: the one that fails deepest. */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const branches = issue.errors.flatMap(([first]) => (first ? [innermost(first)] : []));
  const isMeant = (branch: Issue) => branch.path.length > 0 || branch.code === 'unrecognized_keys';
  const meant = branches.find(isMeant);
  if (!meant) return { ...issue, message: [...new Set(branches.map(({ message }) => message))].join(', or ') || issue.message };
  return { ...meant, path: [...issue.path, ...meant.path] };
}

/** The keys that the JSON Schema allows in the map at a path. */
function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  const [key, ...rest] = path;
  const alternatives = schema.anyOf ?? [schema];
  return alternatives.flatMap(({ properties = {}, items, additionalProperties }) => {
    if (key === undefined) return Object.keys(properties);
    const inner = typeof key === 'number' ? items : (properties[String(key)] ?? additionalProperties);
    return typeof inner === 'object' && !Array.isArray(inner) ? keysAt(inner, rest) : [];
  });
}

/** Made at its first use, because this takes several times as long as reading a configuration. */
let keys: JsonSchema | null = null;

function known(issue: Issue): string {
  keys ??= z.toJSONSchema(configSchema, { io: 'input', reused: 'inline' });
  return keysAt(keys, issue.path).join(', ');
}

/** The library throws a RangeError for some documents that nest too deeply, and reports others as syntax errors. */
function reasonOf(error: unknown): string {
  return error instanceof RangeError ? 'it nests too deeply' : messageOf(error);
}

/** Parses a document and returns it with its value. */
function readYaml(text: string, name: string, lines: LineCounter): { document: Document; value: unknown } {
  const at = (offset: number) => placeOf(name, lines, offset);
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false, uniqueKeys: false, logLevel: 'error' });
    const [broken] = document.errors;
    if (broken) throw new UserError(`${at(broken.pos[0])}: not valid YAML: ${broken.message}`);
    const excess = findExcess(document);
    if (excess) throw new UserError(`${at(excess.offset)}: ${excess.problem}`);
    return { document, value: document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {} };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${name}: cannot be read: ${reasonOf(error)}`);
  }
}

/**
 * Checks the text of a configuration.
 * @param name the name of the file in messages
 * @throws UserError that names file, line, column, the problem and what is possible
 */
export function parsePlacedConfig(text: string, name: string): PlacedConfig {
  if (text.length > MAX_CHARACTERS) throw new UserError(`${name}: too large for a configuration (${text.length} characters)`);
  const lines = new LineCounter();
  const { document, value } = readYaml(text, name, lines);
  const at = (path: readonly PropertyKey[]) => placeOf(name, lines, offsetOf(document, path));
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return { config: parsed.data, at };
  const [outer] = parsed.error.issues;
  if (!outer) throw new UserError(`${name}: not a valid configuration`);
  const issue = innermost(outer);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const place = placeOf(name, lines, keyOffset(document, issue.path, key));
    throw new UserError(`${place}: unknown key "${key}"; possible here: ${known(issue)}`);
  }
  throw new UserError(`${at(issue.path)}: ${describeIssue(issue)}`);
}

/** Checks the text of a configuration as `parsePlacedConfig` does, and returns it without places. */
export function parseConfig(text: string, name: string): Config {
  return parsePlacedConfig(text, name).config;
}

/**
 * Reads and checks a configuration file.
 * @throws UserError if it cannot be read or is not valid
 */
export async function loadConfig(path: string): Promise<PlacedConfig> {
  const missing = 'no such configuration; "corematrix init" writes one';
  return parsePlacedConfig((await readUserFile(path, { ...CONFIG_FILE, missing })).toString(), path);
}
