// Finds what is wrong in a value of any size. zod by itself collects every fault, which takes gigabytes for a file of ten megabytes.
import { z } from 'zod';
import { jsonFaultWords, meantIssues, unknownKeys } from '../harness/base/json-faults.ts';

/** A part of a value that does not fit its schema. */
export interface SchemaFault {
  /** Keys and positions that lead to the part. */
  path: readonly PropertyKey[];
  message: string;
}

interface Checked {
  schema: z.core.$ZodType;
  value: unknown;
  path: SchemaFault['path'];
}

/** A value with at most this many parts is checked at once. */
const MOST_PARTS = 200;

/** The members of an object or a list; none for other values. */
function members(value: unknown): [string, unknown][] {
  return value !== null && typeof value === 'object' ? Object.entries(value) : [];
}

/** The number of parts of a value, itself included. It stops counting above MOST_PARTS. */
function countParts(value: unknown, before = 0): number {
  if (value === null || typeof value !== 'object') return before + 1;
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (before + size > MOST_PARTS) return before + size + 1;
  return members(value).reduce((sum, [, part]) => (sum > MOST_PARTS ? sum : countParts(part, sum)), before + 1);
}

/** Checks a value at once. */
function* directFaults({ schema, value, path }: Checked): Generator<SchemaFault> {
  const { error } = z.core.safeParse(schema, value, { error: jsonFaultWords });
  for (const issue of (error?.issues ?? []).flatMap(meantIssues)) yield { path: [...path, ...issue.path], message: issue.message };
}

/** Checks a list: small neighbours together, each large item alone. */
function* itemFaults(element: z.core.$ZodType, items: readonly unknown[], path: SchemaFault['path']): Generator<SchemaFault> {
  const list = z.array(element);
  for (let start = 0, end = 0; start < items.length; start = end) {
    let parts = countParts(items[start]);
    for (end = start + 1; end < items.length && parts <= MOST_PARTS; end += 1) parts = countParts(items[end], parts);
    if (end > start + 1 && parts > MOST_PARTS) end -= 1;
    if (end === start + 1) yield* schemaFaults({ schema: element, value: items[start], path: [...path, start] });
    else
      for (const {
        path: [at, ...rest],
        message,
      } of directFaults({ schema: list, value: items.slice(start, end), path: [] }))
        yield { path: [...path, start + Number(at), ...rest], message };
  }
}

/** Checks an object: each key of its schema, then the keys that are not in it. */
function* keyFaults(shape: z.core.$ZodShape, value: object, path: SchemaFault['path']): Generator<SchemaFault> {
  const found = new Map<string, unknown>(members(value));
  for (const [key, schema] of Object.entries(shape)) yield* schemaFaults({ schema, value: found.get(key), path: [...path, key] });
  for (const key of found.keys()) if (!Object.hasOwn(shape, key)) yield { path, message: unknownKeys([key]) };
}

/**
 * The faults of a value, in its order. Only those that are asked for are looked for, in time and memory for the parts up to them.
 * @param checked its schema has strict objects, and lists and records without limits
 */
export function* schemaFaults(checked: Checked): Generator<SchemaFault> {
  const { schema, value, path } = checked;
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (countParts(value) <= MOST_PARTS) yield* directFaults(checked);
  else if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    yield* schemaFaults({ schema: schema.unwrap(), value, path });
  else if (schema instanceof z.ZodArray && Array.isArray(value)) yield* itemFaults(schema.element, value, path);
  else if (schema instanceof z.ZodObject && isObject) yield* keyFaults(schema.shape, value, path);
  else if (schema instanceof z.ZodRecord && isObject)
    for (const [key, item] of members(value)) yield* schemaFaults({ schema: schema.valueType, value: item, path: [...path, key] });
  else {
    const list =
      schema instanceof z.ZodUnion && Array.isArray(value) ? schema.options.find((option) => option instanceof z.ZodArray) : null;
    yield* list ? schemaFaults({ schema: list, value, path }) : directFaults(checked);
  }
}
