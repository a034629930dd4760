import { expect, test } from 'vitest';
import { kernelNames, stableKernelNames } from '../../../harness/results/kernel-names.ts';

const debian = (id: string, version: string, arch = 'x86_64') => ({
  id,
  version,
  series: version.split('.').slice(0, 2).join('.'),
  arch,
  distribution: 'debian',
});

test('a kernel is called by its series, by its version if another has the series, and by its id if another has both', () => {
  const kernels = [
    debian('debian-5.10.0-46-cloud-amd64', '5.10.257'),
    debian('debian-6.12.94-amd64', '6.12.94'),
    debian('debian-6.12.107-amd64', '6.12.107'),
    debian('debian-6.12.107-rt-amd64', '6.12.107'),
  ];
  expect([...kernelNames(kernels).values()]).toEqual(['5.10', '6.12.94', 'debian-6.12.107-amd64', 'debian-6.12.107-rt-amd64']);
});

test('a release candidate is called by its version', () => {
  const kernels = [debian('debian-7.3-amd64', '7.3.1'), debian('file-vmlinux', '7.4-rc3')];
  expect([...kernelNames(kernels).values()]).toEqual(['7.3', '7.4-rc3']);
});

test('the stable name of a kernel does not change with an update, and tells flavour, architecture and file apart', () => {
  const night = (abi: number, patch: number) => [
    debian(`debian-5.10.0-${abi}-cloud-amd64`, `5.10.${patch}`),
    debian(`debian-5.10.0-${abi}-amd64`, `5.10.${patch}`),
    debian(`debian-5.10.0-${abi}-cloud-arm64`, `5.10.${patch}`, 'arm64'),
    { ...debian(`file-5.10.${patch}`, `5.10.${patch}`), distribution: 'file' },
  ];
  const names = [...stableKernelNames(night(46, 257)).values()];
  expect(names).toEqual(['debian-5.10-cloud', 'debian-5.10', 'debian-5.10-cloud-arm64', 'file-5.10']);
  expect([...stableKernelNames(night(47, 262)).values()]).toEqual(names);
});

test('stable names are unique in a run with several kernels of one series', () => {
  const kernels = [debian('a-cloud-amd64', '6.12.94'), debian('b-cloud-amd64', '6.12.107'), debian('c-cloud-amd64', '6.12.107')];
  expect([...stableKernelNames(kernels).values()]).toEqual(['debian-6.12.94-cloud', 'debian-6.12.107-cloud', 'debian-6.12.107-cloud~2']);
});
