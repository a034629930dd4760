// Tests of lock files: their contents, the kernels that they pin, and invalid ones.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { entriesOf, formatLock, parseLock } from '../../kernels/lock.ts';
import { planKernels } from '../../kernels/plan.ts';
import { pullKernel } from '../../kernels/pull.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { bzImage, fakePackage, kernelDeb, sha256 } from './fixtures.ts';
import { cloud, failure, mirror, only, pool, replaceMirror, useMirror, withCache } from './small-mirror.ts';

useMirror();

const locked = async (options: KernelOptions) => {
  const planned = await planKernels(['debian:6.12.94', 'debian:5.10'], options);
  const text = await formatLock(await entriesOf(planned, options));
  return { text, lock: await parseLock(text, 'lock.json') };
};

it('a lock file contains paths and digests but no address, and resolves selectors without the indexes', async () => {
  await withCache(async ({ options }) => {
    const { text, lock } = await locked(options);
    expect(text).not.toContain('://');
    expect(text.replaceAll(/"[0-9a-f]{64}"/g, '"…"')).toMatchInlineSnapshot(`
      "{
        "lockVersion": 1,
        "debian": [
          {
            "name": "linux-image-5.10.0-32-cloud-amd64",
            "version": "5.10.223-1",
            "archive": "debian",
            "path": "pool/main/l/linux/linux-image-5.10.0-32-cloud-amd64_5.10.223-1_amd64.deb",
            "size": 1054400,
            "sha256": "…"
          },
          {
            "name": "linux-image-6.12.94+deb13-cloud-amd64",
            "version": "6.12.94-1",
            "archive": "debian",
            "path": "pool/main/l/linux/linux-image-6.12.94+deb13-cloud-amd64_6.12.94-1_amd64.deb",
            "size": 1054400,
            "sha256": "…"
          }
        ]
      }
      "
    `);
    mirror.requests.length = 0;
    const planned = await planKernels(['debian:all'], { ...options, lock });
    expect([planned.map(({ id }) => id), mirror.requests]).toEqual([
      ['debian-5.10.0-32-cloud-amd64', 'debian-6.12.94+deb13-cloud-amd64'],
      [],
    ]);
    const unpinned = await planKernels(['debian:6.1'], { ...options, lock });
    expect(unpinned.map(({ id }) => id)).toEqual(['debian-6.1.0-50-cloud-amd64']);
    expect(await failure(planKernels(['debian:6.1'], { ...options, lock, frozen: true }))).toBe(
      'UserError: debian:6.1: no matching kernel is pinned in lock.json, and --frozen forbids any other',
    );
  });
});

it('a pinned package that the mirror lost is replaced by the nearest newer one of its series, unless frozen', async () => {
  await withCache(async ({ options }) => {
    const { lock } = await locked(options);
    mirror.files.delete(pool(cloud('6.12.94+deb13'), '6.12.94-1'));
    const planned = await only('debian:6.12', { ...options, lock });
    expect(await failure(pullKernel(planned, { ...options, lock, frozen: true }))).toMatchInlineSnapshot(
      `"InfraError: linux-image-6.12.94+deb13-cloud-amd64 6.12.94-1 is pinned, but the mirror no longer has it, and --frozen forbids another kernel of its series"`,
    );
    const { id, version, notes } = await pullKernel(planned, { ...options, lock });
    expect({ id, version, notes }).toMatchInlineSnapshot(`
      {
        "id": "debian-6.12.107+deb13-cloud-amd64",
        "notes": [
          "linux-image-6.12.94+deb13-cloud-amd64 6.12.94-1: pinned, but no longer on the mirror; linux-image-6.12.107+deb13-cloud-amd64 6.12.107-1 is used",
        ],
        "version": "6.12.107",
      }
    `);
  });
});

it('a lock file pins the packages with the configuration and modules of a kernel, which are found after the indexes have dropped them', async () => {
  const [release, version] = ['7.2.13-cloud-amd64', '7.2.13-1'];
  const packed = (name: string, path: string) => ({
    name,
    version,
    deb: kernelDeb({ name, version }, [{ path, content: Buffer.from('CONFIG_HZ=250\n') }]),
  });
  const binary = fakePackage(`linux-binary-${release}`, version);
  const base = packed(`linux-base-${release}`, `./usr/lib/modules/${release}/config`);
  const modules = packed(`linux-modules-${release}`, `./usr/lib/modules/${release}/kernel/nf_nat.ko`);
  await replaceMirror({ sid: [binary, base, modules] });
  await withCache(async ({ options, folder }) => {
    const text = await formatLock(await entriesOf(await planKernels(['debian:7.2'], options), options));
    const pin = { version, archive: 'debian' };
    const at = (name: string) => `pool/main/l/linux/${name}_${version}_amd64.deb`;
    const pinned = ({ name, deb }: typeof base) => ({ name, ...pin, path: at(name), size: deb.length, sha256: sha256(deb) });
    expect(JSON.parse(text)).toEqual({
      lockVersion: 1,
      debian: [{ ...pinned(binary), parts: { base: pinned(base), modules: pinned(modules) } }],
    });
    await replaceMirror({ sid: [binary] });
    for (const { name, deb } of [base, modules]) mirror.files.set(`/debian/${at(name)}`, deb);
    const after = { ...options, mirrors: [mirror.address], cache: join(folder, 'other') };
    const lock = await parseLock(text, 'lock.json');
    const kernel = await pullKernel(await only('debian:7.2', { ...after, lock }), { ...after, lock });
    expect([kernel.config && (await readFile(kernel.config.path, 'utf8')), kernel.notes]).toEqual(['CONFIG_HZ=250\n', []]);
    expect(await readdir(await kernel.modules.folder({ ...after, lock }))).toEqual(['nf_nat.ko']);
    const unpinned = await pullKernel(await only('debian:7.2', after), { ...after, cache: join(folder, 'third') });
    expect([unpinned.config, unpinned.notes.join('\n')]).toEqual([null, expect.stringContaining('no index lists it any more')]);
  });
});

it('a damaged lock file is refused with the place and the cause', async () => {
  const pin = {
    name: cloud('6.1.0-50'),
    version: '6.1.176-1',
    archive: 'debian',
    path: 'pool/x.deb',
    size: 2_000_000,
    sha256: 'a'.repeat(64),
  };
  const texts = [
    '{',
    '[]',
    JSON.stringify({ lockVersion: 2, debian: [] }),
    JSON.stringify({ lockVersion: 1, debian: [{ ...pin, path: 'pool/../../x.deb' }] }),
    JSON.stringify({ lockVersion: 1, debian: [{ ...pin, sha256: 'abc' }] }),
    JSON.stringify({ lockVersion: 1, debian: [pin, { ...pin, name: 'bash' }] }),
    JSON.stringify({ lockVersion: 1, debian: [{ ...pin, parts: { modules: { ...pin, name: 'linux-modules-6.1.0-49-cloud-amd64' } } }] }),
    JSON.stringify({ lockVersion: 1, debian: [{ ...pin, parts: { base: { ...pin, size: -1 } } }] }),
    JSON.stringify({ lockVersion: 1, debian: {} }),
    JSON.stringify({ lockVersion: 1, gentoo: [pin] }),
    JSON.stringify({ lockVersion: 1, file: [] }),
  ];
  const failures = await Promise.all(texts.map(async (text) => failure(parseLock(text, 'lock.json'))));
  expect(failures).toMatchInlineSnapshot(`
    [
      "UserError: lock.json:1:2: not JSON: the file ends too early",
      "UserError: lock.json: top level: expected an object, found an array",
      "UserError: lock.json: lockVersion: expected 1, found 2",
      "UserError: lock.json: debian.0: path: expected a path such as pool/main/l/linux/NAME.deb",
      "UserError: lock.json: debian.0: sha256: expected a sha256 in hexadecimal",
      "UserError: lock.json: debian.1: bash 6.1.176-1 is not a Debian kernel package",
      "UserError: lock.json: debian.0: parts: modules: expected linux-modules-6.1.0-50-cloud-amd64 6.1.176-1, but it is linux-modules-6.1.0-49-cloud-amd64 6.1.176-1",
      "UserError: lock.json: debian.0: parts: base: size: expected a number above 0, found -1",
      "UserError: lock.json: debian: expected an array, found an object",
      "UserError: lock.json: gentoo: no kernel source of this version has that name and can be pinned",
      "UserError: lock.json: file: no kernel source of this version has that name and can be pinned",
    ]
  `);
});

it('a kernel file of the user cannot be pinned', async () => {
  await withCache(async ({ options, folder }) => {
    const image = join(folder, 'bzImage');
    await writeFile(image, bzImage());
    const planned = await planKernels(['debian:6.1', `file:${image}`], options);
    expect((await failure(entriesOf(planned, options))).replace(folder, '')).toBe(
      'UserError: file:/bzImage: kernels of file: cannot be pinned',
    );
  });
});
