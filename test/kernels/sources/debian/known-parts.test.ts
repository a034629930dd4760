// The digests of parts that this program knows, against the indexes of the machine's mirror.
import { expect, test } from 'vitest';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { KNOWN_PARTS } from '../../../../kernels/sources/debian/known-parts.ts';
import { debianOptions } from '../../../../kernels/sources/debian/options.ts';
import { packageLister } from '../../../../kernels/sources/debian/packages.ts';
import { findPart } from '../../../../kernels/sources/debian/parts.ts';

test('each newest kernel of a series has a configuration with a digest, and an index that lists a known part agrees with it', async () => {
  const options = debianOptions({ cache: cacheRoot() });
  const kernels = (await packageLister(options)('amd64')).filter(({ name }) => /^linux-binary-.*-cloud-amd64$/.test(name));
  const newest = kernels.filter((one) => kernels.find(({ series }) => series === one.series) === one);
  expect(newest.length).toBeGreaterThan(0);
  const files = await Promise.all(newest.map(async (one) => findPart('base', one, options)));
  expect(files.filter(({ kind }) => kind === 'unlisted')).toEqual([]);
  const known = new Map(KNOWN_PARTS.map(({ name, sha256 }) => [name, sha256]));
  const other = files.filter((file) => file.kind === 'listed' && (known.get(file.name) ?? file.expected.sha256) !== file.expected.sha256);
  expect(other).toEqual([]);
});
