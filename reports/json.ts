// results.json: written for machines and diffs, validated when read.
import { z } from 'zod';
import { UserError } from '../harness/base/errors.ts';
import { jsonPieces, type LargeLog, logInMemory } from '../harness/results/large-log.ts';
import { type LogStore, type Results, resultsSchema, SCHEMA_VERSION } from '../harness/results/schema.ts';
import { OLDEST_VERSION, upgradeResults } from '../harness/results/upgrade.ts';
import { parseJson, pathText } from '../harness/base/json.ts';
import type { FileLimit } from '../harness/base/user-file.ts';
import { brokenVerdict } from './broken-verdicts.ts';
import { findBroken } from './broken-references.ts';
import { logsBeyondLimits } from './log-budget.ts';
import { type SchemaFault, schemaFaults } from './schema-faults.ts';
import { shortened, UNSAFE, visible } from '../harness/base/visible.ts';

export const RESULTS_FILE = { kind: 'a results file', maxBytes: 16 * 2 ** 30 } as const satisfies FileLimit;
const MESSAGE_LENGTH = 300;
/** Of the faults of a file so many are in its error, and so many are counted. */
const SHOWN_FAULTS = 3;
const MOST_FAULTS = 100;

type FileLogs = z.infer<typeof resultsSchema>['logs'];

/** JSON with control, direction and separator characters escaped; outside strings only newlines occur. */
export function escapedJson(json: string): string {
  const units = (character: string) => character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return json.replaceAll(UNSAFE, (character) => (character === '\n' ? character : units(character).join('')));
}

/** Items with a text between them. */
function* joined(items: Iterable<string>, between: string): Generator<string> {
  let separator = '';
  for (const item of items) {
    yield `${separator}${item}`;
    separator = between;
  }
}

function* mapped<Item>(items: Iterable<Item>, text: (item: Item) => string): Generator<string> {
  for (const item of items) yield text(item);
}

function* list(items: readonly unknown[]): Generator<string> {
  yield '[\n';
  yield* joined(
    mapped(items, (item) => `    ${JSON.stringify(item)}`),
    ',\n',
  );
  yield '\n  ]';
}

/** A part of the file: list items get a line each, everything else is on one line. */
function* partJson(part: object): Generator<string> {
  const entries = Object.entries(part).map(([name, value]: [string, unknown]) => {
    const text = Array.isArray(value) ? [...list(value)].join('') : JSON.stringify(value);
    return `    ${JSON.stringify(name)}: ${text}`;
  });
  yield `{\n${entries.join(',\n')}\n  }`;
}

/** Logs as they are in the file, each with `start` before it. */
function* textsJson(texts: LogStore['texts'], start: string, between: string): Generator<string> {
  let separator = start;
  for (const [id, log] of Object.entries(texts)) {
    yield `${separator}${JSON.stringify(id)}: `;
    if (Array.isArray(log)) yield JSON.stringify(log);
    else yield* jsonPieces(log.read());
    separator = between;
  }
}

function* logsJson({ lines, texts }: LogStore): Generator<string> {
  yield '{\n    "lines": ';
  yield* list(lines);
  yield ',\n    "texts": {\n';
  yield* textsJson(texts, '      ', ',\n      ');
  yield '\n    }\n  }';
}

function* linesOf(results: Results): Generator<string> {
  const parts: Record<string, Iterable<string>> = {
    schemaVersion: [String(results.schemaVersion)],
    run: [JSON.stringify(results.run)],
    kernels: list(results.kernels),
    objects: list(results.objects),
    cells: list(results.cells),
    logs: logsJson(results.logs),
    ...(results.history && { history: partJson(results.history) }),
    ...(results.layouts && { layouts: partJson(results.layouts) }),
    ...(results.explanation && { explanation: partJson(results.explanation) }),
  };
  let start = '{\n';
  for (const [name, json] of Object.entries(parts)) {
    yield `${start}  "${name}": `;
    yield* json;
    start = ',\n';
  }
  yield '\n}\n';
}

/** results.json in pieces: one line for each kernel, object, cell and log, so that diff can compare two runs. It may be larger than any string. */
export function jsonParts(results: Results): Iterable<string> {
  return mapped(linesOf(results), escapedJson);
}

/** The text of results.json, where it is known to be small. */
export function renderJson(results: Results): string {
  return [...jsonParts(results)].join('');
}

function* onOneLine(results: Results): Generator<string> {
  yield '{';
  for (const [at, [name, value]] of Object.entries({ ...results })
    .filter(([, each]) => each !== undefined)
    .entries()) {
    yield `${at === 0 ? '' : ','}${JSON.stringify(name)}:`;
    if (name !== 'logs') yield JSON.stringify(value);
    else {
      yield `{"lines":${JSON.stringify(results.logs.lines)},"texts":{`;
      yield* textsJson(results.logs.texts, '', ',');
      yield '}}';
    }
  }
  yield '}\n';
}

/** Results as JSON on one line, in pieces. */
export function jsonLineParts(results: Results): Iterable<string> {
  return mapped(onOneLine(results), escapedJson);
}

/** An error about an untrusted file, on one line for any content. */
function fileError(place: string, message: string): UserError {
  return new UserError(shortened(visible(`${place}: ${message}`), MESSAGE_LENGTH));
}

/** The error for a file that is not JSON. */
export function syntaxError(name: string, { line, column, problem }: { line: number; column: number; problem: string }): UserError {
  return fileError(`${name}:${line}:${column}`, `not valid JSON: ${problem}`);
}

function parse(text: string, name: string): unknown {
  const read = parseJson(text);
  if (read.ok) return read.value;
  throw syntaxError(name, read);
}

function versionOf(value: unknown): unknown {
  return value && typeof value === 'object' && 'schemaVersion' in value ? value.schemaVersion : undefined;
}

/** The schema version of a parsed file, if this version of corematrix reads it. */
function checkedVersion(value: unknown, name: string): number {
  const version = versionOf(value);
  if (typeof version !== 'number') throw fileError(name, 'not a results file: it has no number in schemaVersion');
  if (version > SCHEMA_VERSION) {
    throw fileError(
      name,
      `has schema version ${version}, written by a newer corematrix; this one reads versions up to ${SCHEMA_VERSION}: update corematrix`,
    );
  }
  if (!Number.isInteger(version) || version < OLDEST_VERSION)
    throw fileError(name, `has schema version ${version}; this corematrix reads versions ${OLDEST_VERSION} to ${SCHEMA_VERSION}`);
  return version;
}

/** The first faults: one more than are counted if there are more. */
function firstFaults(faults: Iterable<SchemaFault>): SchemaFault[] {
  const found: SchemaFault[] = [];
  for (const fault of faults) if (found.push(fault) > MOST_FAULTS) break;
  return found;
}

/** The error for a file with faults: the only one, or their number and the first of them. */
function faultError(name: string, faults: readonly SchemaFault[]): UserError {
  const texts = faults.map(({ path, message }) => [pathText(path), message].filter((part) => part !== '').join(': '));
  if (texts.length === 1) return fileError(name, texts.join(''));
  const count = texts.length > MOST_FAULTS ? `more than ${MOST_FAULTS}` : texts.length;
  return fileError(name, `${count} errors: ${texts.slice(0, SHOWN_FAULTS).join('; ')}${texts.length > SHOWN_FAULTS ? '; …' : ''}`);
}

/** Results, and the schema version of their file. */
export interface VersionedResults {
  version: number;
  results: Results;
}

/**
 * Checks the value of a results file.
 * @param large logs that are not in the value, by their ids
 * @throws UserError as `readResults` does
 */
export function checkedResults(value: unknown, name: string, large: ReadonlyMap<string, LargeLog>): VersionedResults {
  const version = checkedVersion(value, name);
  const upgraded = upgradeResults(value, version);
  const faults = firstFaults(schemaFaults({ schema: resultsSchema, value: upgraded, path: [] }));
  if (faults.length > 0) throw faultError(name, faults);
  const data = resultsSchema.parse(upgraded);
  const results = { ...data, logs: storeOf(data.logs, large) };
  const broken = findBroken(results) ?? brokenVerdict(results) ?? logsBeyondLimits(results);
  if (broken) throw faultError(name, [broken]);
  return { version, results };
}

/** What a program does that parsed a file itself. */
const READ_IT = 'read the file with parseResults()';

function textsIn(results: object): Readonly<Record<string, unknown>> {
  const logs: unknown = 'logs' in results ? results.logs : null;
  const texts: unknown = typeof logs === 'object' && logs !== null && 'texts' in logs ? logs.texts : null;
  return typeof texts === 'object' && texts !== null && !Array.isArray(texts) ? { ...texts } : {};
}

const isReadable = (log: unknown) => typeof log === 'object' && log !== null && 'read' in log && typeof log.read === 'function';

/** Results in memory as they are in a file. */
function asInFile(results: object): object {
  const texts = Object.entries(textsIn(results)).map(([id, log]) => [id, isReadable(log) ? '' : log] as const);
  if (texts.length === 0 || !('logs' in results) || typeof results.logs !== 'object') return results;
  return { ...results, logs: { ...results.logs, texts: Object.fromEntries(texts) } };
}

/** What only a file may have: an earlier version, and logs that are strings. */
function faultOfUnread(results: object): SchemaFault | null {
  const version = versionOf(results);
  if (typeof version === 'number' && version !== SCHEMA_VERSION)
    return { path: ['schemaVersion'], message: `expected ${SCHEMA_VERSION}, found ${version}; ${READ_IT}` };
  const text = Object.entries(textsIn(results)).find(([, log]) => typeof log === 'string');
  return text ? { path: ['logs', 'texts', text[0]], message: `expected a log that parseResults() made, found a string; ${READ_IT}` } : null;
}

/**
 * The first faults of results that a program made or changed in memory; none for results of this version without a fault.
 * @param value any value
 */
export function faultsOfResults(value: object): readonly SchemaFault[] {
  const unread = faultOfUnread(value);
  if (unread) return [unread];
  const inFile = asInFile(value);
  const faults = firstFaults(schemaFaults({ schema: resultsSchema, value: inFile, path: [] }));
  if (faults.length > 0) return faults;
  const data = resultsSchema.parse(inFile);
  const results = { ...data, logs: storeOf(data.logs, new Map()) };
  const broken = findBroken(results) ?? brokenVerdict(results);
  return broken ? [broken] : [];
}

function storeOf({ lines, texts }: FileLogs, large: ReadonlyMap<string, LargeLog>): LogStore {
  const logs = Object.entries(texts).map(([id, log]) => [id, typeof log === 'string' ? (large.get(id) ?? logInMemory(log)) : log] as const);
  return { lines, texts: Object.fromEntries(logs) };
}

/** Reads results, and the schema version that their file has. */
export function readVersionedResults(text: string, name: string): VersionedResults {
  return checkedResults(parse(text, name), name, new Map());
}

/**
 * Reads the text of a results.json of this or of an earlier schema version.
 * @param name the name of the file in messages
 * @throws UserError naming the file, the place in it under this version's names, and what was expected there
 */
export function readResults(text: string, name: string): Results {
  return readVersionedResults(text, name).results;
}

/** The published JSON Schema of results.json, made from the schema that validates it. */
export function resultsJsonSchema(): string {
  const schema = z.toJSONSchema(resultsSchema, { target: 'draft-2020-12' });
  return `${JSON.stringify({ title: 'corematrix results', ...schema }, null, 2)}\n`;
}
