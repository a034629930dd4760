// Tests of planning with a mirror on this machine that sends wrong data and goes down.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { planKernels } from '../../kernels/plan.ts';
import { failure, mirror, useMirror, withCache } from './small-mirror.ts';

useMirror();

it('a kernel plan has the newest kernel of every series from all suites, in version order', async () => {
  await withCache(async ({ options, notes }) => {
    const planned = await planKernels(['debian:all'], options);
    expect(planned.map(({ id, version, series, arch }) => `${id} ${version} ${series} ${arch}`)).toMatchInlineSnapshot(`
      [
        "debian-5.10.0-32-cloud-amd64 5.10.223 5.10 x86_64",
        "debian-6.1.0-50-cloud-amd64 6.1.176 6.1 x86_64",
        "debian-6.12.107+deb13-cloud-amd64 6.12.107 6.12 x86_64",
        "debian-7.3-cloud-amd64 7.3-rc7 7.3 x86_64",
      ]
    `);
    expect(notes).toEqual([]);
  });
});

it('a kernel plan resolves series, versions, ranges and flavours, with each kernel once under its first selector', async () => {
  await withCache(async ({ options }) => {
    const selectors = ['debian:6.12', 'debian:>=6.1,<=6.12', 'debian:6.12.94', 'debian:6.1/rt'];
    const planned = await planKernels(selectors, options);
    expect(planned.map(({ id, selector }) => `${id} by ${selector}`)).toMatchInlineSnapshot(`
      [
        "debian-6.1.0-50-cloud-amd64 by debian:>=6.1,<=6.12",
        "debian-6.1.0-50-rt-amd64 by debian:6.1/rt",
        "debian-6.12.94+deb13-cloud-amd64 by debian:6.12.94",
        "debian-6.12.107+deb13-cloud-amd64 by debian:6.12",
      ]
    `);
  });
});

it('a kernel plan with a selector that means no kernel is refused with a list of available kernels', async () => {
  await withCache(async ({ options, folder }) => {
    const text = join(folder, 'text');
    await writeFile(text, 'no kernel');
    const selectors = [
      'debian:6.5',
      'debian:6.12.1',
      'debian:>=9',
      'debian:<5/amd64',
      'debian:>=6.2,<6.12',
      'debian:>=6.12.108,<7',
      'debian:>=6.1,<5',
      'debian:6',
      'cached',
      'btf:/sys/kernel/btf',
      'debian:6.1/arm64',
      'debian:6.1/sparc',
      '6.12',
      'debian:',
      'vmlinuz',
      'debian:x',
      `file:${text}`,
      `deb:${text}`,
      'file:',
    ];
    const failures = await Promise.all(selectors.map(async (selector) => failure(planKernels([selector], options))));
    expect(failures.map((line) => line.replaceAll(folder, ''))).toMatchInlineSnapshot(`
      [
        "UserError: debian:6.5: no such kernel; the Debian mirror has 5.10, 6.1, 6.12, 7.3 (amd64, cloud)",
        "UserError: debian:6.12.1: no such kernel; the Debian mirror has 6.12.94, 6.12.107 (amd64, cloud)",
        "UserError: debian:>=9: no such kernel; the Debian mirror has 5.10, 6.1, 6.12, 7.3 (amd64, cloud); the nearest range is "debian:>=7.3"",
        "UserError: debian:<5/amd64: no such kernel; the Debian mirror has 5.10, 6.1, 6.12, 7.3 (amd64, cloud); the nearest range is "debian:<=5.10/amd64"",
        "UserError: debian:>=6.2,<6.12: no such kernel; the Debian mirror has 5.10, 6.1, 6.12, 7.3 (amd64, cloud); the nearest range is "debian:>=6.1,<=6.12"",
        "UserError: debian:>=6.12.108,<7: no such kernel; the Debian mirror has 6.12.94, 6.12.107 (amd64, cloud); the nearest range is "debian:>=6.12,<=7.3"",
        "UserError: kernel selector 'debian:>=6.1,<5': '>=6.1,<5' is an empty range: no kernel version is >=6.1 and also <5; all conditions between commas must hold; debian:all means every series",
        "UserError: kernel selector 'debian:6': '6' is not a range of kernel versions (did you mean >=6.0,<7.0?); expected for example 6.12, <5.14 or >=5.10,<=6.12; debian:all means every series",
        "UserError: 'cached' names every kernel in the cache: only "predict -k" and "types -k" take it. Expected kernels, for example debian:6.12, deb:PATH, rpm:PATH, dir:PATH or file:PATH (all forms: corematrix kernels --help)",
        "UserError: 'btf:/sys/kernel/btf' names BTF, without a kernel that boots: only "predict -k" and "types -k" take it. Expected kernels, for example debian:6.12, deb:PATH, rpm:PATH, dir:PATH or file:PATH (all forms: corematrix kernels --help)",
        "UserError: debian:6.1/arm64: the Debian mirror has no kernels for arm64, flavour cloud",
        "UserError: kernel selector 'debian:6.1/sparc': 'sparc' is neither an architecture nor a flavour; known are amd64, arm64, cloud, generic, rt",
        "UserError: '6.12' is not a kernel selector; did you mean debian:6.12? (all forms: corematrix kernels --help)",
        "UserError: kernel selector 'debian:' names no version; expected for example debian:6.12 or debian:all (all forms: corematrix kernels --help)",
        "UserError: 'vmlinuz' is not a kernel selector; did you mean file:vmlinuz? (all forms: corematrix kernels --help)",
        "UserError: kernel selector 'debian:x': 'x' is not a range of kernel versions; expected for example 6.12, <5.14 or >=5.10,<=6.12; debian:all means every series",
        "UserError: file:/text: not a kernel image: expected a bzImage, an ELF vmlinux or an arm64 Image",
        "UserError: deb:/text: not a Debian package: not an ar archive",
        "UserError: kernel selector 'file:' names no file; expected file:PATH",
      ]
    `);
  });
});

it('a repeated kernel plan takes milliseconds and sends no request, unless a refresh is requested', async () => {
  await withCache(async ({ options }) => {
    await planKernels(['debian:all'], options);
    mirror.requests.length = 0;
    await planKernels(['debian:all'], options);
    expect(mirror.requests).toEqual([]);
    await planKernels(['debian:all'], { ...options, refresh: true });
    expect(mirror.requests.filter((path) => !path.endsWith('InRelease'))).toEqual([]);
    expect(mirror.requests).toContain('/debian/dists/trixie/InRelease');
  });
});

it('a kernel plan uses cached indexes with a note while the mirror is down, and fails without them', async () => {
  await withCache(async ({ options, notes }) => {
    await planKernels(['debian:all'], options);
    mirror.close();
    const planned = await planKernels(['debian:6.1'], { ...options, refresh: true });
    expect(planned.map(({ id }) => id)).toEqual(['debian-6.1.0-50-cloud-amd64']);
    expect(notes.map((note) => note.replaceAll(/\d{4}-[\dT:.-]+Z/g, 'TIME').replace(/\(.*\)/, '(…)'))).toEqual([
      'the Debian mirror cannot be read; its indexes of TIME are used (…)',
    ]);
  });
  await withCache(async ({ options }) => {
    expect(await failure(planKernels(['debian:6.1'], options))).toMatch(/^InfraError: MIRROR\/dists\/\S+: .* after 3 tries/);
  });
});

it('a kernel plan is refused if an index does not match the Release file', async () => {
  await withCache(async ({ options }) => {
    mirror.files.set('/debian/dists/trixie/main/binary-amd64/Packages.xz', Buffer.from('something else'));
    expect(await failure(planKernels(['debian:all'], options))).toMatch(/^InfraError: .*Packages.xz: the server has 14 bytes, expected/);
  });
});
