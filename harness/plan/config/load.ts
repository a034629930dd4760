// Reads corematrix.yaml. Every error names file, line and column.
import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { ConfigurationError, messageOf } from '../../base/errors.ts';
import { type FileLimit, readUserFile } from '../../base/user-file.ts';
import { checkSchema, type ConfigFault } from './schema-faults.ts';
import type { Config } from './schema.ts';
import { takeUnreadable } from './unreadable-nodes.ts';

/** No real configuration has more aliases. A document with more tries to exhaust memory. */
const MAX_ALIASES = 100;
/** Enough for thousands of expectations. Reading takes about 2 ms for each KiB, and up to 30 ms if every character is an error. */
const MAX_CHARACTERS = 256 << 10;
export const CONFIG_FILE = { kind: 'a configuration', maxBytes: 4 * MAX_CHARACTERS } as const satisfies FileLimit;

/** Most terminals show these at once. */
const MAX_SHOWN = 20;

interface TextFault {
  /** Its place in the text, in characters. */
  offset: number;
  problem: string;
}

/** A configuration with the places of its values in the file. */
export interface PlacedConfig {
  config: Config;
  /** `file:line:column` of the value that a path of keys leads to; if it does not exist, of the nearest value around it. */
  at: (path: readonly PropertyKey[]) => string;
}

/** A configuration that does not fit the schema, with the objects that can still be compared with their files. */
export class PartlyUsable extends ConfigurationError {
  /** A configuration with these objects only. */
  readonly rest: PlacedConfig;

  constructor(name: string, { shown, total }: ConfigurationError, rest: PlacedConfig) {
    super(name, shown, total);
    this.rest = rest;
  }
}

/** The offset of the node that the path leads to; if it does not exist, of the nearest node around it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function faultOffset(document: Document, { path, key }: Pick<ConfigFault, 'path' | 'key'>): number {
  if (key === null) return offsetOf(document, path);
  const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
  return pair && isScalar(pair.key) && pair.key.range ? pair.key.range[0] : offsetOf(document, path);
}

/** Finds duplicate keys of maps and too many aliases. The checks of the library for these take quadratic time. */
function findExcess(document: Document): { faults: TextFault[]; hasManyAliases: boolean } {
  const faults: TextFault[] = [];
  let aliases = 0;
  visit(document, {
    Alias: (_, { range }) => {
      aliases += 1;
      if (aliases <= MAX_ALIASES) return undefined;
      faults.push({ offset: range?.[0] ?? 0, problem: `more than ${MAX_ALIASES} aliases` });
      return visit.BREAK;
    },
    Map: (_, { items }) => {
      const keys = new Set<string>();
      for (const { key } of items) {
        const scalar = isAlias(key) ? key.resolve(document) : key;
        if (!isScalar(scalar)) continue;
        // Keys such as 1 and "1" give the same member.
        const name = String(scalar.value);
        if (keys.has(name)) faults.push({ offset: (isNode(key) ? key.range?.[0] : undefined) ?? 0, problem: `duplicate key "${name}"` });
        keys.add(name);
      }
      return undefined;
    },
  });
  return { faults, hasManyAliases: aliases > MAX_ALIASES };
}

function placeOf(name: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${name}:${line}:${col}`;
}

/** The library throws a RangeError for some documents that nest too deeply, and reports others as syntax errors. */
function reasonOf(error: unknown): string {
  return error instanceof RangeError ? 'it nests too deeply' : messageOf(error);
}

/** The error that names the first faults of a text in its order, each with line and column. */
function faultsError(name: string, lines: LineCounter, faults: readonly TextFault[], total = faults.length): ConfigurationError {
  const ordered = faults.toSorted((a, b) => a.offset - b.offset).slice(0, MAX_SHOWN);
  const texts = ordered.map(({ offset, problem }) => `${placeOf(name, lines, offset)}: ${problem}`);
  return new ConfigurationError(name, texts, total);
}

function parse(text: string, name: string, lines: LineCounter): Document {
  try {
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false, uniqueKeys: false, logLevel: 'error' });
  } catch (error) {
    throw new ConfigurationError(name, [`${name}: cannot be read: ${reasonOf(error)}`]);
  }
}

/** Errors of the library whose messages say too little, by their codes. */
const SYNTAX: Readonly<Partial<Record<string, string>>> = {
  MULTIPLE_DOCS: 'a second document begins here; a configuration is one document: remove the line "---", or make two files',
  TAB_AS_INDENT: 'a tab as indentation; write spaces in its place',
};

/** The errors of the library, the first at each place: those after it follow from it. A document that nests too deeply has only that one. */
function syntaxFaults({ errors }: Document): TextFault[] {
  const tooDeep = errors.find(({ message }) => /call stack/i.test(message));
  if (tooDeep) return [{ offset: tooDeep.pos[0], problem: 'it nests too deeply' }];
  const first = new Map<number, string>();
  for (const { pos, message, code } of errors) if (!first.has(pos[0])) first.set(pos[0], SYNTAX[code] ?? message);
  return [...first].map(([offset, message]) => ({ offset, problem: `not valid YAML: ${message}` }));
}

function valueOf(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (error) {
    throw new ConfigurationError(name, [`${name}: cannot be read: ${reasonOf(error)}`]);
  }
}

/**
 * Checks the text of a configuration.
 * @param name the name of the file in messages
 * @throws ConfigurationError that names for every fault the file, line, column, the problem and what is possible
 */
export function parsePlacedConfig(text: string, name: string): PlacedConfig {
  if (text.length > MAX_CHARACTERS)
    throw new ConfigurationError(name, [`${name}: too large for a configuration (${text.length} characters)`]);
  const lines = new LineCounter();
  const document = parse(text, name, lines);
  const broken = syntaxFaults(document);
  if (broken.length > 0) throw faultsError(name, lines, broken);
  const { faults: excess, hasManyAliases } = findExcess(document);
  if (hasManyAliases) throw faultsError(name, lines, excess);
  const unreadable = takeUnreadable(document, text);
  if (unreadable.some(({ isKey }) => isKey)) throw faultsError(name, lines, [...excess, ...unreadable]);
  const checked = checkSchema(valueOf(document, name));
  if ('config' in checked && excess.length === 0 && unreadable.length === 0)
    return { config: checked.config, at: (path) => placeOf(name, lines, offsetOf(document, path)) };
  const { faults, total, objects } = 'config' in checked ? { faults: [], total: 0, objects: [] } : checked;
  const all = faults.map((fault) => ({ offset: faultOffset(document, fault), problem: fault.problem }));
  const placed = all.filter(({ offset: at }) => !unreadable.some(({ offset, end }) => at >= offset && at < end));
  const own = [...excess, ...unreadable, ...placed];
  const error = faultsError(name, lines, own, own.length + total - faults.length);
  const indices = objects.map(({ index }) => index);
  // The positions of entries are those of the file.
  const inFile = ([first, position, ...rest]: readonly PropertyKey[]) =>
    first === 'objects' && typeof position === 'number' ? [first, indices[position] ?? position, ...rest] : [];
  throw new PartlyUsable(name, error, {
    config: { objects: objects.map(({ entry }) => entry) },
    at: (path) => placeOf(name, lines, offsetOf(document, inFile(path))),
  });
}

/** Checks the text of a configuration as `parsePlacedConfig` does, and returns it without places. */
export function parseConfig(text: string, name: string): Config {
  return parsePlacedConfig(text, name).config;
}

/**
 * Reads and checks a configuration file.
 * @throws ConfigurationError if it is not valid, UserError if it cannot be read
 */
export async function loadConfig(path: string): Promise<PlacedConfig> {
  const missing = 'no such configuration; "corematrix init" writes one';
  const shown = path === '' ? '--config ""' : path;
  return parsePlacedConfig((await readUserFile(path, { ...CONFIG_FILE, shown, missing })).toString(), shown);
}
