// The published schema of corematrix.yaml: the one the program checks by, and one that editors can use.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from '../../../../harness/plan/config/json-schema.ts';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';

const published = async () => readFile(join(PACKAGE_ROOT, 'harness/plan/config/config.schema.json'), 'utf8');

it('is the one the program checks by; "npm run schema" writes it', async () => {
  expect(await published()).toBe(configJsonSchema());
});

it('accepts what is read, refuses what is not, and describes every key', async () => {
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
