// results.json: written for machines and for diffs, read back with everything checked.
import { z } from 'zod';
import { UserError } from '../harness/errors.ts';
import { type Results, resultsSchema, SCHEMA_VERSION } from '../harness/results/schema.ts';

/** The text of results.json: a line for each kernel, object, cell and log, so that two runs can be compared by diff. */
export function renderJson(results: Results): string {
  const list = (items: readonly unknown[]) => `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`;
  const texts = Object.entries(results.logs.texts).map(([id, lines]) => `      ${JSON.stringify(id)}: ${JSON.stringify(lines)}`);
  const logs = `{\n    "lines": ${list(results.logs.lines)},\n    "texts": {\n${texts.join(',\n')}\n    }\n  }`;
  return [
    '{',
    `  "schemaVersion": ${results.schemaVersion},`,
    `  "run": ${JSON.stringify(results.run)},`,
    `  "kernels": ${list(results.kernels)},`,
    `  "objects": ${list(results.objects)},`,
    `  "cells": ${list(results.cells)},`,
    `  "logs": ${logs}`,
    '}\n',
  ].join('\n');
}

function versionOf(value: unknown): unknown {
  return value && typeof value === 'object' && 'schemaVersion' in value ? value.schemaVersion : undefined;
}

/**
 * Reads the text of a results.json.
 * @param name how the file is called in messages
 * @throws UserError naming the file, the place in it and what was expected there
 */
export function readResults(text: string, name: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${name}: not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const version = versionOf(value);
  if (typeof version !== 'number') throw new UserError(`${name}: not a results file: schemaVersion is missing`);
  if (version > SCHEMA_VERSION) {
    throw new UserError(`${name}: written by a newer corematrix (schema ${version}, this one reads ${SCHEMA_VERSION}); update corematrix`);
  }
  const parsed = resultsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(`${name}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a results file'}`);
}

/** The published JSON Schema of results.json, made from the schema the program itself checks by. */
export function resultsJsonSchema(): string {
  const schema = z.toJSONSchema(resultsSchema, { target: 'draft-2020-12' });
  return `${JSON.stringify({ title: 'corematrix results', ...schema }, null, 2)}\n`;
}
