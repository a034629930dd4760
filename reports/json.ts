// results.json: written for machines and diffs, validated when read.
import { constants } from 'node:buffer';
import { z } from 'zod';
import { UserError } from '../harness/base/errors.ts';
import { type Results, resultsSchema, SCHEMA_VERSION } from '../harness/results/schema.ts';
import { OLDEST_VERSION, upgradeResults } from '../harness/results/upgrade.ts';
import { parseJson } from '../harness/base/json.ts';
import type { FileLimit } from '../harness/base/user-file.ts';
import { findBroken } from './broken-references.ts';
import { shortened, UNSAFE, visible } from '../harness/base/visible.ts';

/** A text of JavaScript cannot be longer. */
export const RESULTS_FILE = { kind: 'a results file', maxBytes: constants.MAX_STRING_LENGTH } as const satisfies FileLimit;
const MESSAGE_LENGTH = 300;

/** JSON with control, direction and separator characters escaped; outside strings only newlines occur. */
export function escapedJson(json: string): string {
  const units = (character: string) => character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return json.replaceAll(UNSAFE, (character) => (character === '\n' ? character : units(character).join('')));
}

function list(items: readonly unknown[]): string {
  return `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`;
}

/** A part of the file: list items get a line each, everything else is on one line. */
function partJson(part: object): string {
  const entries = Object.entries(part).map(
    ([name, value]: [string, unknown]) => `    ${JSON.stringify(name)}: ${Array.isArray(value) ? list(value) : JSON.stringify(value)}`,
  );
  return `{\n${entries.join(',\n')}\n  }`;
}

/** The text of results.json: one line for each kernel, object, cell and log, so that diff can compare two runs. */
export function renderJson(results: Results): string {
  const texts = Object.entries(results.logs.texts).map(([id, lines]) => `      ${JSON.stringify(id)}: ${JSON.stringify(lines)}`);
  const parts = {
    schemaVersion: String(results.schemaVersion),
    run: JSON.stringify(results.run),
    kernels: list(results.kernels),
    objects: list(results.objects),
    cells: list(results.cells),
    logs: `{\n    "lines": ${list(results.logs.lines)},\n    "texts": {\n${texts.join(',\n')}\n    }\n  }`,
    ...(results.history && { history: partJson(results.history) }),
    ...(results.layouts && { layouts: partJson(results.layouts) }),
    ...(results.explanation && { explanation: partJson(results.explanation) }),
  };
  const lines = Object.entries(parts).map(([name, json]) => `  "${name}": ${json}`);
  return escapedJson(`{\n${lines.join(',\n')}\n}\n`);
}

/** An error about an untrusted file, on one line for any content. */
function fileError(place: string, message: string): UserError {
  return new UserError(shortened(visible(`${place}: ${message}`), MESSAGE_LENGTH));
}

function parse(text: string, name: string): unknown {
  const read = parseJson(text);
  if (read.ok) return read.value;
  throw fileError(`${name}:${read.line}:${read.column}`, `not valid JSON: ${read.problem}`);
}

function versionOf(value: unknown): unknown {
  return value && typeof value === 'object' && 'schemaVersion' in value ? value.schemaVersion : undefined;
}

/** A path in readable form: `cells[3].status`. */
function placeOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((place, key) => {
    if (typeof key === 'number') return `${place}[${key}]`;
    return place === '' ? String(key) : `${place}.${String(key)}`;
  }, '');
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

/** Reads results, and the schema version that their file has. */
export function readVersionedResults(text: string, name: string): { version: number; results: Results } {
  const value = parse(text, name);
  const version = checkedVersion(value, name);
  const parsed = resultsSchema.safeParse(upgradeResults(value, version));
  const broken = parsed.success ? findBroken(parsed.data) : parsed.error.issues[0];
  if (parsed.success && !broken) return { version, results: parsed.data };
  throw fileError([name, placeOf(broken?.path ?? [])].filter((part) => part !== '').join(': '), broken?.message ?? 'not a results file');
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
