// Tests of the choice among the versions of a package that apt offers for another architecture.
import { expect, test } from 'vitest';
import { versionFrom } from '../../../harness/setup/sysroot.ts';

const OFFERED = `Package: zlib1g-dev
Source: zlib (1:1.3.dfsg+really1.3.1-1)
Version: 1:1.3.dfsg+really1.3.1-1+b2
Architecture: arm64

Package: zlib1g-dev
Source: zlib
Version: 1:1.2.13.dfsg-1
Architecture: arm64

Package: zlib
Version: 1.0-1`;

test.each([
  ['zlib 1:1.3.dfsg+really1.3.1-1', '1:1.3.dfsg+really1.3.1-1+b2'],
  ['zlib 1:1.2.13.dfsg-1', '1:1.2.13.dfsg-1'],
  ['zlib 1.0-1', '1.0-1'],
  ['zlib 1:1.2.13.dfsg-2', null],
  ['zlib1g-dev 1:1.2.13.dfsg-1', null],
])('of the package from the source %s, apt offers version %s', (source, version) => {
  expect(versionFrom(source, OFFERED)).toBe(version);
});

test('apt that does not know the package offers no version', () => {
  expect(versionFrom('zlib 1.0-1', '')).toBeNull();
});
