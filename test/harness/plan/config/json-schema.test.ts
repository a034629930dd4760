// Tests of the published schema of corematrix.yaml: it equals the schema of the program, and editors can use it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from '../../../../harness/plan/config/json-schema.ts';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';

const published = async () => readFile(join(PACKAGE_ROOT, 'harness/plan/config/config.schema.json'), 'utf8');

it('the published schema equals the schema of the program; "npm run schema" writes it', async () => {
  expect(await published()).toBe(configJsonSchema());
});

it('the published schema accepts valid configurations, refuses others, and describes every key', async () => {
  const schema = JSON.parse(await published());
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  const problems = (text: string) =>
    validate(parse(text)) ? [] : validate.errors?.map(({ instancePath, keyword }) => `${instancePath}: ${keyword}`);
  const sample = await readFile(join(PACKAGE_ROOT, 'programs/corematrix.yaml'), 'utf8');
  expect([
    problems(sample),
    problems('kernel: [debian:all]'),
    problems('formats: [pdf]'),
    problems('expectations: [{ object: a, status: fail, reason: r, expires: soon }]'),
    problems('expectations: [{ object: a, status: fail, reason: r, expires: 2027-01-31, link: "https://a.invalid" }]'),
  ]).toEqual([
    [],
    [': additionalProperties'],
    ['/formats/0: enum'],
    ['/expectations/0/expires: pattern', '/expectations/0/expires: format'],
    [],
  ]);
  const undescribed = Object.entries(schema.properties).filter(([, value]) => !JSON.stringify(value).includes('"description"'));
  expect(undescribed).toEqual([]);
});
