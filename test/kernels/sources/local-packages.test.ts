// Tests of kernel packages on disk, in the layouts of distributions: each gives its image, configuration and modules.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { planKernels } from '../../../kernels/plan.ts';
import { pullKernel } from '../../../kernels/pull.ts';
import { bzImage, elfImage, kernelDeb, type TarFile, withFolder } from '../fixtures.ts';
import { cpioArchive, type RpmChanges, type RpmMember, rpmPackage } from '../rpm-packages.ts';

const said = (error: unknown) => String(error);
const LINK = 0o120_777;

const imageOf = (release: string) => {
  const banner = `${release} (maker@here) #1 SMP`;
  return bzImage({ payload: gzipSync(elfImage({ banner: `Linux version ${banner}` })), banner });
};
const configOf = (release: string) => Buffer.from(`#\n# Automatically generated file; DO NOT EDIT.\n#\nCONFIG_LOCALVERSION="${release}"\n`);

/** What a run gets of the kernel of a selector, read again from the cache in the same way. */
async function pulled(selector: string, cache: string): Promise<unknown> {
  const once = async () => {
    const [planned] = await planKernels([selector], { cache });
    if (!planned) return 'no kernel';
    const { id, version, release, arch, config, notes, modules } = await pullKernel(planned, { cache });
    const configText = config ? (await readFile(config.path, 'utf8')).split('\n').at(-2) : null;
    const names = await modules.folder({ cache }).then(async (folder) => (await readdir(folder)).toSorted(), said);
    return { kernel: `${id} ${version} ${release} ${arch}`, config: configText, modules: names, notes };
  };
  const first = await once().catch(said);
  expect(await once().catch(said)).toEqual(first);
  return first;
}

const EL9 = '5.14.0-503.11.1.el9_5.x86_64';
const el9: RpmChanges = { version: '5.14.0', release: '503.11.1.el9_5' };
const module = (path: string): RpmMember => ({ path, content: Buffer.from(path) });

it('a kernel of RHEL 9 has its image and configuration in kernel-core, and its modules in the packages beside it', async () => {
  await withFolder(async (folder, write) => {
    const core = rpmPackage(
      'kernel-core',
      [
        { path: `/boot/vmlinuz-${EL9}`, content: imageOf(EL9), isGhost: true },
        { path: `/lib/modules/${EL9}/vmlinuz`, content: imageOf(EL9) },
        { path: `/lib/modules/${EL9}/config`, content: configOf(EL9) },
        { path: `/lib/modules/${EL9}/modules.builtin`, content: Buffer.from('kernel/fs/ext4/ext4.ko\n') },
      ],
      { ...el9, compress: gzipSync },
    );
    const path = await write('rpms/kernel-core-5.14.0-503.11.1.el9_5.x86_64.rpm', core);
    expect(await pulled(`rpm:${path}`, join(folder, 'cache'))).toEqual({
      kernel: `rpm-${EL9} 5.14.0 ${EL9} x86_64`,
      config: `CONFIG_LOCALVERSION="${EL9}"`,
      modules: 'InfraError: kernel-core-5.14.0-503.11.1.el9_5.x86_64.rpm: it contains no modules',
      notes: [],
    });
    const modules = [module(`/lib/modules/${EL9}/kernel/drivers/net/veth.ko.xz`), module(`/lib/modules/${EL9}/modules.builtin`)];
    await write('rpms/kernel-modules-core-5.14.0-503.11.1.el9_5.x86_64.rpm', rpmPackage('kernel-modules-core', modules, el9));
    await write(
      'rpms/kernel-modules-5.14.0-503.11.1.el9_5.x86_64.rpm',
      rpmPackage('kernel-modules', [module(`/lib/modules/${EL9}/kernel/b.ko.xz`)], el9),
    );
    const others = [module(`/lib/modules/${EL9}/kernel/other.ko.xz`)];
    await write('rpms/kernel-modules-5.14.0-427.el9.x86_64.rpm', rpmPackage('kernel-modules', others, { ...el9, release: '427.el9' }));
    await write('rpms/kernel-rt-modules-5.14.0-503.11.1.el9_5.x86_64.rpm', rpmPackage('kernel-rt-modules', others, el9));
    expect(await pulled(`rpm:${path}`, join(folder, 'cache'))).toMatchObject({ modules: ['b.ko.xz', 'modules.builtin', 'veth.ko.xz'] });
  });
});

it('a kernel of SUSE has all in one package, with a link in /boot, and one of Amazon Linux 2 has its files in /boot', async () => {
  await withFolder(async (folder, write) => {
    const suse = '6.4.0-150600.23.25-default';
    const usr = `/usr/lib/modules/${suse}`;
    const one = rpmPackage(
      'kernel-default',
      [
        { path: `/boot/vmlinuz-${suse}`, content: Buffer.from(`../${usr}/vmlinuz`), mode: LINK },
        { path: `${usr}/config`, content: configOf(suse) },
        module(`${usr}/kernel/fs/x.ko.zst`),
        { path: `${usr}/vmlinuz`, content: imageOf(suse) },
      ],
      { version: '6.4.0', release: '150600.23.25.1' },
    );
    const amazon = '5.10.226-214.880.amzn2.x86_64';
    const two = rpmPackage(
      'kernel',
      [
        { path: `/boot/config-${amazon}`, content: configOf(amazon) },
        { path: `/boot/vmlinuz-${amazon}`, content: imageOf(amazon) },
        module(`/lib/modules/${amazon}/kernel/y.ko`),
      ],
      { version: '5.10.226', release: '214.880.amzn2' },
    );
    const cache = join(folder, 'cache');
    expect([
      await pulled(`rpm:${await write('kernel-default.rpm', one)}`, cache),
      await pulled(`rpm:${await write('kernel.rpm', two)}`, cache),
    ]).toMatchInlineSnapshot(`
      [
        {
          "config": "CONFIG_LOCALVERSION="6.4.0-150600.23.25-default"",
          "kernel": "rpm-6.4.0-150600.23.25-default 6.4.0 6.4.0-150600.23.25-default x86_64",
          "modules": [
            "x.ko.zst",
          ],
          "notes": [],
        },
        {
          "config": "CONFIG_LOCALVERSION="5.10.226-214.880.amzn2.x86_64"",
          "kernel": "rpm-5.10.226-214.880.amzn2.x86_64 5.10.226 5.10.226-214.880.amzn2.x86_64 x86_64",
          "modules": [
            "y.ko",
          ],
          "notes": [],
        },
      ]
    `);
  });
});

it('an rpm package without a kernel that can boot is refused with the reason, and with the package to name instead', async () => {
  await withFolder(async (folder, write) => {
    const image = { path: `/lib/modules/${EL9}/vmlinuz`, content: imageOf(EL9) };
    const packages: readonly [string, Buffer][] = [
      ['meta', rpmPackage('kernel', [{ ...image, isGhost: true }], el9)],
      ['headers', rpmPackage('kernel-headers', [module('/usr/include/linux/bpf.h')], el9)],
      ['power', rpmPackage('kernel-core', [image], { ...el9, arch: 'ppc64le' })],
      ['version', rpmPackage('kernel-core', [image], { version: 'main' })],
      ['damaged', rpmPackage('kernel-core', [image], { payloadSha256: '0'.repeat(64) })],
      ['no-image', rpmPackage('kernel-core', [{ ...image, content: Buffer.from('text') }], el9)],
      ['source', rpmPackage('kernel-core', [image], { isSource: true })],
      ['text', Buffer.from('kernel\n')],
    ];
    const found: unknown[] = [];
    for (const [name, bytes] of packages) {
      const path = await write(`${name}/k.rpm`, bytes);
      found.push(String(await pulled(`rpm:${path}`, join(folder, 'cache'))).replaceAll(folder, ''));
    }
    expect(found).toMatchInlineSnapshot(`
      [
        "UserError: rpm:/meta/k.rpm: kernel-5.14.0-503.11.1.el9_5.x86_64 has no kernel image; it is in kernel-core",
        "UserError: rpm:/headers/k.rpm: kernel-headers-5.14.0-503.11.1.el9_5.x86_64 has no kernel image",
        "UserError: rpm:/power/k.rpm: its architecture ppc64le is neither x86_64 nor aarch64",
        "UserError: rpm:/version/k.rpm: kernel-core-main-1.el9.x86_64 has the version main, which no kernel has",
        "InfraError: rpm:/damaged/k.rpm: damaged rpm package: its payload differs from the sha256 in its header",
        "InfraError: rpm:/no-image/k.rpm: not a kernel image: expected a bzImage, an ELF vmlinux or an arm64 Image",
        "UserError: rpm:/source/k.rpm: not an rpm package: it is a source package",
        "UserError: rpm:/text/k.rpm: not an rpm package: it has no lead of an rpm package",
      ]
    `);
  });
});

it('a kernel of Ubuntu has its configuration and modules in the packages of the same version beside its image', async () => {
  await withFolder(async (folder, write) => {
    const release = '5.15.0-119-generic';
    const deb = async (name: string, version: string, files: readonly TarFile[]) =>
      write(`${name}_${version}_amd64.deb`, kernelDeb({ name, version }, files));
    const image = await deb(`linux-image-unsigned-${release}`, '5.15.0-119.129', [
      { path: `./boot/vmlinuz-${release}`, content: imageOf(release) },
    ]);
    await deb(`linux-modules-${release}`, '5.15.0-119.129', [
      { path: `./boot/config-${release}`, content: configOf(release) },
      { path: `./lib/modules/${release}/kernel/a.ko`, content: Buffer.from('a') },
    ]);
    await deb(`linux-modules-extra-${release}`, '5.15.0-119.129', [
      { path: `./lib/modules/${release}/kernel/b.ko`, content: Buffer.from('b') },
    ]);
    await deb(`linux-modules-extra-${release}`, '5.15.0-119.130', [
      { path: `./lib/modules/${release}/kernel/c.ko`, content: Buffer.from('c') },
    ]);
    expect(await pulled(`deb:${image}`, join(folder, 'cache'))).toEqual({
      kernel: `deb-${release} 5.15.0 ${release} x86_64`,
      config: `CONFIG_LOCALVERSION="${release}"`,
      modules: ['a.ko', 'b.ko'],
      notes: [],
    });
  });
});

/** Why a selector means no kernel, without the name of the folder. */
async function refused(selector: string, folder: string): Promise<string> {
  return planKernels([selector], { cache: folder }).then(
    () => 'a kernel',
    (error: unknown) => said(error).replaceAll(folder, ''),
  );
}

it('a folder gives each kernel in it once, by image or package', async () => {
  await withFolder(async (folder, write) => {
    const image = { path: `/lib/modules/${EL9}/vmlinuz`, content: imageOf(EL9) };
    await write('k/kernel-core.rpm', rpmPackage('kernel-core', [image], el9));
    await write('k/kernel-modules-core.rpm', rpmPackage('kernel-modules-core', [module(`/lib/modules/${EL9}/a.ko`)], el9));
    await write('k/meta.deb', kernelDeb({ name: 'linux-image-amd64', version: '6.1.176-1' }, []));
    const debian = '6.1.0-50-cloud-amd64';
    const files = [{ path: `./boot/vmlinuz-${debian}`, content: imageOf(debian) }];
    await write('k/image.deb', kernelDeb({ name: `linux-image-${debian}`, version: '6.1.176-1' }, files));
    await write('k/bzImage', imageOf('6.9.1-mine'));
    await write('k/vmlinux-6.9.1', elfImage({ banner: 'Linux version 6.9.1-mine (maker@here) #1 SMP' }));
    await write('k/vmlinux-6.10', elfImage({ banner: 'Linux version 6.10.0-mine (maker@here) #1 SMP' }));
    await write('k/config-6.9.1-mine', configOf('6.9.1-mine'));
    await write('k/below/bzImage', imageOf('6.11.0'));
    const options = { cache: join(folder, 'cache') };
    const planned = await planKernels([`dir:${join(folder, 'k')}`], options);
    const kernels = await Promise.all(planned.map(async (kernel) => pullKernel(kernel, options)));
    expect(kernels.map(({ id, release, selector, config }) => [id, release, selector.replace(folder, ''), config !== null]))
      .toMatchInlineSnapshot(`
      [
        [
          "rpm-5.14.0-503.11.1.el9_5.x86_64",
          "5.14.0-503.11.1.el9_5.x86_64",
          "rpm:/k/kernel-core.rpm",
          false,
        ],
        [
          "deb-6.1.0-50-cloud-amd64",
          "6.1.0-50-cloud-amd64",
          "deb:/k/image.deb",
          false,
        ],
        [
          "file-6.9.1-mine",
          "6.9.1-mine",
          "file:/k/bzImage",
          true,
        ],
        [
          "file-6.10.0-mine",
          "6.10.0-mine",
          "file:/k/vmlinux-6.10",
          false,
        ],
      ]
    `);
  });
});

it('a folder without a kernel, a damaged package in it, and a file in its place are refused with the reason', async () => {
  await withFolder(async (folder, write) => {
    await write('none/readme.txt', 'no kernel');
    await write('damaged/kernel-core.rpm', rpmPackage('kernel-core', [], el9).subarray(0, 150));
    await write('file/bzImage', imageOf('6.9.1'));
    const folders = ['none', 'damaged', 'missing', 'file/bzImage', ''];
    const found = await Promise.all(folders.map(async (name) => refused(`dir:${name && join(folder, name)}`, folder)));
    expect(found).toMatchInlineSnapshot(`
      [
        "UserError: dir:/none: none of its files (1) is a kernel image or package",
        "UserError: /damaged/kernel-core.rpm: not an rpm package: it is cut off",
        "UserError: dir:/missing: no such folder",
        "UserError: dir:/file/bzImage: it is not a folder; name an image as file:PATH",
        "UserError: kernel selector 'dir:' names no folder; expected dir:PATH",
      ]
    `);
  });
});

it('an archive that is named as an image is named for what it is', async () => {
  await withFolder(async (folder, write) => {
    const files = [
      await write('k.rpm', rpmPackage('kernel-core', [], el9)),
      await write('k.deb', kernelDeb({ name: 'k', version: '1' }, [])),
      await write('initramfs', cpioArchive([])),
      await write('vmlinuz.gz', gzipSync(imageOf('6.9.1'))),
    ];
    const found = await Promise.all(files.map(async (file) => refused(`file:${file}`, folder)));
    expect(found).toMatchInlineSnapshot(`
      [
        "UserError: file:/k.rpm: not a kernel image: it is an rpm package; name it as rpm:PATH",
        "UserError: file:/k.deb: not a kernel image: it is a Debian package; name it as deb:PATH",
        "UserError: file:/initramfs: not a kernel image: it is a cpio archive, such as an initramfs; expected a bzImage, an ELF vmlinux or an arm64 Image",
        "UserError: file:/vmlinuz.gz: not a kernel image: it is gzip data; unpack it first",
      ]
    `);
  });
});
