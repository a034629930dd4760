// Tests of the formats that README.md lists.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { FORMAT_NAMES } from '../../harness/base/format-names.ts';

it('README.md lists every report format, in the order of the table', async () => {
  const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const row = /^\| make any format from results \| `[^`]* --format (.*?); `formats:`/m.exec(text)?.[1] ?? '';
  expect(row.replaceAll(/\(.*?\)/g, '').match(/[a-z]{3,}/g)).toEqual(FORMAT_NAMES);
});
