// Reads results from a file of any size. A small file is read as one string. A large one is read part by part, and its large logs stay in it.
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, openSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../harness/base/errors.ts';
import { checkUserFile, readUserFile } from '../harness/base/user-file.ts';
import { type LargeLog, logInFile } from '../harness/results/large-log.ts';
import { checkedResults, RESULTS_FILE, readVersionedResults, syntaxError, type VersionedResults } from './json.ts';
import { JsonFault, jsonParts, type Part, parsePart, placeOf } from './json-parts.ts';

/** A larger file, in bytes, is read part by part. */
const MAX_WHOLE = 64 << 20;
/** Other work gets its turn after so many parts. */
const PARTS_A_TURN = 1000;

/** What the parts of a file make. */
interface Gathered {
  value: unknown;
  /** The logs that stay in the file, by their id. */
  large: ReadonlyMap<string, LargeLog>;
}

/** Puts a value where its path leads; objects are maps for now, so that every name is only a name. */
function put(node: Map<string, unknown>, [key, ...rest]: Part['path'], value: unknown): void {
  const name = String(key);
  const [next] = rest;
  const known = node.get(name);
  if (next === undefined) node.set(name, value);
  else if (typeof next === 'number') {
    if (next > 0 && Array.isArray(known)) known.push(value);
    else node.set(name, [value]);
  } else {
    const inner = known instanceof Map ? known : new Map<string, unknown>();
    node.set(name, inner);
    put(inner, rest, value);
  }
}

function plain(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, item]: [string, unknown]) => [key, plain(item)]));
}

/** The id of the log whose text a part is; null for other parts. */
function logIdOf({ path: [first, second, id] }: Part): string | null {
  return first === 'logs' && second === 'texts' && typeof id === 'string' ? id : null;
}

async function gather(file: number): Promise<Gathered> {
  const root = new Map<string, unknown>();
  const large = new Map<string, LargeLog>();
  let parts = 0;
  for (const part of jsonParts(file)) {
    const value = parsePart(file, part);
    const id = logIdOf(part);
    const isLarge = id !== null && typeof value === 'string';
    if (isLarge) large.set(id, logInFile(file, part.start, part.end - part.start));
    put(root, part.path, isLarge ? '' : value);
    parts += 1;
    if (parts % PARTS_A_TURN === 0) await setImmediate();
  }
  return { value: plain(root), large };
}

async function readLarge(name: string): Promise<VersionedResults> {
  const file = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  let keep = false;
  try {
    const { value, large } = await gather(file);
    keep = large.size > 0;
    return checkedResults(value, name, large);
  } catch (error) {
    keep = false;
    if (!(error instanceof JsonFault)) throw error;
    throw syntaxError(name, placeOf(file, error));
  } finally {
    if (!keep) closeSync(file);
  }
}

/**
 * Reads a results.json of this or of an earlier schema version, of any size.
 * @param maxWhole a larger file, in bytes, is read part by part
 * @throws UserError naming the file, the place in it under this version's names, and what was expected there
 */
export async function readResultsFile(name: string, maxWhole = MAX_WHOLE): Promise<VersionedResults> {
  const { size } = await checkUserFile(name, RESULTS_FILE);
  if (size > maxWhole) return readLarge(name);
  const bytes = await readUserFile(name, RESULTS_FILE);
  if (!isUtf8(bytes)) throw new UserError(`${name}: not valid JSON: some bytes are not UTF-8`);
  return readVersionedResults(bytes.toString(), name);
}
