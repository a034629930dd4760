// Tests of the lock file that corematrix ships with, compared with the indexes of the machine's mirror.
import { expect, test } from 'vitest';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { debianOptions } from '../../../../kernels/sources/debian/options.ts';
import { isWhole, KERNEL_PARTS, packageLister } from '../../../../kernels/sources/debian/packages.ts';
import { findPart } from '../../../../kernels/sources/debian/parts.ts';
import { shippedPins } from '../../../../kernels/sources/debian/shipped-pins.ts';

test('the shipped lock file pins the configuration and modules of each kernel that has them in separate packages', async () => {
  const split = (await shippedPins()).filter((kernel) => !isWhole(kernel));
  expect(split.length).toBeGreaterThan(0);
  expect(split.filter(({ parts }) => KERNEL_PARTS.some((part) => parts?.[part] === undefined))).toEqual([]);
});

test('an index that lists a part of a kernel agrees with the shipped lock file', async () => {
  const options = debianOptions({ cache: cacheRoot() });
  const listed = await packageLister(options)('amd64');
  const pinned = (await shippedPins()).filter(({ sha256, parts }) => parts && listed.some((one) => one.sha256 === sha256));
  expect(pinned.length).toBeGreaterThan(0);
  for (const { parts, ...kernel } of pinned) {
    for (const part of KERNEL_PARTS) {
      const found = await findPart(part, kernel, options);
      expect([found.name, found.kind === 'listed' && found.expected.sha256]).toEqual([parts?.[part]?.name, parts?.[part]?.sha256]);
    }
  }
});
