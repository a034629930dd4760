import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { documentationAddress, REPOSITORY } from '../../../harness/base/documentation.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

it('the address of the repository is that in package.json, or null without one', async () => {
  const { repository } = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
  expect(REPOSITORY).toBe(repository === undefined ? null : repository.url.replace(/^git\+/, '').replace(/\.git$/, ''));
});

it('a heading of a page has an address only if that of the repository is known', () => {
  expect(documentationAddress('docs/failures.md', 'unknown', 'https://example.invalid/corematrix')).toBe(
    'https://example.invalid/corematrix/blob/main/docs/failures.md#unknown',
  );
  expect(documentationAddress('docs/failures.md', 'unknown', null)).toBeNull();
});
