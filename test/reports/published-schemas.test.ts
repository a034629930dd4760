// Tests of the descriptions in the published JSON Schemas, which editors and the reference pages show.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

const SCHEMAS = ['reports/results.schema.json', 'harness/plan/config/config.schema.json'] as const;

interface Property {
  place: string;
  description: unknown;
}

function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? { ...value } : {};
}

/** Every property at any depth, with its path. */
function propertiesOf(schema: unknown, place = ''): Property[] {
  if (Array.isArray(schema)) return schema.flatMap((one: unknown) => propertiesOf(one, place));
  return Object.entries(asRecord(schema)).flatMap(([key, inner]: [string, unknown]) => {
    if (key !== 'properties') return propertiesOf(inner, key === 'items' ? `${place}[]` : place);
    return Object.entries(asRecord(inner)).flatMap(([name, property]: [string, unknown]) => {
      const own = place === '' ? name : `${place}.${name}`;
      return [{ place: own, description: asRecord(property).description }, ...propertiesOf(property, own)];
    });
  });
}

/** A sentence: it starts with a capital, a digit or code and ends with a full stop. */
const SENTENCE = /^[A-Z0-9`].*\.$/su;

it.each(SCHEMAS)('the published schema %s describes every property in whole sentences', async (file) => {
  const properties = propertiesOf(JSON.parse(await readFile(join(PACKAGE_ROOT, file), 'utf8')));
  expect(properties.length).toBeGreaterThan(100);
  const bad = properties.filter(({ description }) => typeof description !== 'string' || !SENTENCE.test(description));
  expect(bad).toEqual([]);
});
