// Tests of comparing pinned packages with the packages of the mirror.
import { expect, it } from 'vitest';
import { describePackage, type KernelPackage } from '../../../kernels/sources/debian/packages.ts';
import { writePin } from '../../../kernels/sources/debian/pins.ts';
import { debianLock } from '../../../kernels/sources/debian/debian-lock.ts';

function packageOf(release: string, version: string, digit = '0'): KernelPackage {
  const pin = {
    name: `linux-image-${release}`,
    version,
    archive: 'debian',
    path: `pool/main/${release}_${version}.deb`,
    size: 2 << 20,
  } as const;
  const described = describePackage({ ...pin, sha256: digit.repeat(64) }, { suites: [], trust: { kind: 'pinned' } });
  if (!described) throw new Error(`${release} is no kernel package`);
  return described;
}

const OLD = packageOf('6.12.94+deb13-cloud-amd64', '6.12.94-1', '1');
const NEW = packageOf('6.12.107+deb13-cloud-amd64', '6.12.107-1', '2');
const GONE = packageOf('5.10.0-32-cloud-amd64', '5.10.223-1', '3');
const ADDED = packageOf('7.0.1+deb14-cloud-amd64', '7.0.1-1', '4');
const RT = packageOf('6.12.94+deb13-rt-amd64', '6.12.94-1', '5');

const shown = (pinned: KernelPackage[], current: KernelPackage[], isAll = true) =>
  debianLock
    .changes({ pinned: pinned.map(writePin), current: current.map(writePin), isAll })
    .map(
      ({ change, series, flavour, pinned: old, current: now }) =>
        `${series}/${flavour} ${change}: ${old?.version ?? '-'} → ${now?.version ?? '-'}`,
    );

it('a comparison of a lock file with the mirror lists newer, older, rebuilt, new and removed packages in version order', () => {
  expect(shown([OLD, GONE], [ADDED, NEW])).toEqual([
    '5.10/cloud gone: 5.10.223-1 → -',
    '6.12/cloud newer: 6.12.94-1 → 6.12.107-1',
    '7.0/cloud new: - → 7.0.1-1',
  ]);
  expect(shown([NEW], [OLD])).toEqual(['6.12/cloud older: 6.12.107-1 → 6.12.94-1']);
  expect(shown([OLD], [{ ...OLD, sha256: '9'.repeat(64) }])).toEqual(['6.12/cloud rebuilt: 6.12.94-1 → 6.12.94-1']);
});

it('pinned packages of different flavours are compared separately, and unchanged ones are not listed', () => {
  expect(shown([OLD, RT], [RT, NEW])).toEqual(['6.12/cloud newer: 6.12.94-1 → 6.12.107-1']);
  expect(shown([OLD], [OLD])).toEqual([]);
});

it('no pinned package counts as removed if only some kernels were requested', () => {
  expect(shown([OLD, GONE], [NEW], false)).toEqual(['6.12/cloud newer: 6.12.94-1 → 6.12.107-1']);
});

it('a pinned kernel with rebuilt modules, or without pinned modules, counts as rebuilt', () => {
  const name = 'linux-modules-6.12.94+deb13-cloud-amd64';
  const modules = { name, version: OLD.version, archive: OLD.archive, path: `pool/main/${name}.deb`, size: 5, sha256: '6'.repeat(64) };
  const [whole, rebuilt] = [
    { ...OLD, parts: { modules } },
    { ...OLD, parts: { modules: { ...modules, sha256: '7'.repeat(64) } } },
  ];
  const line = '6.12/cloud rebuilt: 6.12.94-1 → 6.12.94-1';
  expect([shown([whole], [whole]), shown([whole], [rebuilt]), shown([OLD], [whole])]).toEqual([[], [line], [line]]);
});
