// Tests of pulling from a mirror on this machine that loses packages and sends wrong data.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { planKernels } from '../../kernels/plan.ts';
import { type KernelImage, pullKernel } from '../../kernels/pull.ts';
import { bzImage, fakePackage, kernelDeb } from './fixtures.ts';
import { cloud, failure, mirror, only, pool, replaceMirror, useMirror, withCache } from './small-mirror.ts';

useMirror();

/** All facts about a pulled kernel. */
const factsOf = ({ modules: _modules, ...facts }: KernelImage) => facts;

it('a pull caches image, vmlinux and BTF, and a second pull needs neither network nor time', async () => {
  await withCache(async ({ options, notes }) => {
    const planned = await only('debian:6.12', options);
    const image = await pullKernel(planned, options);
    const { cache } = options;
    expect({ ...image, sha256: image.sha256.length }).toMatchObject({
      id: 'debian-6.12.107+deb13-cloud-amd64',
      version: '6.12.107',
      release: '6.12.107+deb13-cloud-amd64',
      package: { name: 'linux-image-6.12.107+deb13-cloud-amd64', version: '6.12.107-1' },
      btf: { size: 70_000, path: join(cache, 'kernels', image.sha256, 'btf') },
      image: join(cache, 'kernels', image.sha256, 'image'),
      vmlinux: join(cache, 'kernels', image.sha256, 'vmlinux'),
      notes: [],
    });
    expect([await readdir(join(cache, 'downloads')), await readdir(join(cache, 'kernels')), notes]).toEqual([[], [image.sha256], []]);
    mirror.close();
    expect(factsOf(await pullKernel(planned, options))).toEqual(factsOf(image));
  });
});

it('a pull of a missing package uses its twin, then its next version, with a note', async () => {
  await withCache(async ({ options }) => {
    mirror.files.delete(pool(cloud('5.10.0-32'), '5.10.223-1'));
    mirror.files.delete(pool(cloud('6.12.107+deb13'), '6.12.107-1'));
    mirror.files.delete(pool(cloud('6.12.107+deb12'), '6.12.107-1~deb12u1'));
    const twin = await pullKernel(await only('debian:5.10', options), options);
    const next = await pullKernel(await only('debian:6.12', options), options);
    expect([twin, next].map(({ id, package: used, notes }) => [id, used?.name, notes])).toMatchInlineSnapshot(`
      [
        [
          "debian-5.10.0-32-cloud-amd64",
          "linux-image-5.10.0-32-cloud-amd64-unsigned",
          [
            "linux-image-5.10.0-32-cloud-amd64 5.10.223-1: indexed, but no longer on the mirror; linux-image-5.10.0-32-cloud-amd64-unsigned 5.10.223-1 is used",
          ],
        ],
        [
          "debian-6.12.94+deb13-cloud-amd64",
          "linux-image-6.12.94+deb13-cloud-amd64",
          [
            "linux-image-6.12.107+deb13-cloud-amd64 6.12.107-1, linux-image-6.12.107+deb12-cloud-amd64 6.12.107-1~deb12u1: indexed, but no longer on the mirror; linux-image-6.12.94+deb13-cloud-amd64 6.12.94-1 is used",
          ],
        ],
      ]
    `);
    mirror.requests.length = 0;
    await pullKernel(await only('debian:6.12', options), options);
    expect(mirror.requests).toEqual([]);
  });
});

it('a pull fails if the mirror has no package of its index', async () => {
  await withCache(async ({ options }) => {
    mirror.files.delete(pool(cloud('6.1.0-50'), '6.1.176-1'));
    expect(await failure(pullKernel(await only('debian:6.1', options), options))).toMatchInlineSnapshot(
      `"InfraError: debian:6.1: the mirror indexes linux-image-6.1.0-50-cloud-amd64 6.1.176-1, but has none of them"`,
    );
  });
});

it('a pull fails if a package does not match the index or has no kernel', async () => {
  await withCache(async ({ options }) => {
    const path = pool(cloud('6.1.0-50'), '6.1.176-1');
    const size = mirror.files.get(path)?.length ?? 0;
    mirror.files.set(path, Buffer.alloc(size, 'x'));
    expect(await failure(pullKernel(await only('debian:6.1', options), options))).toMatch(
      /its sha256 is \w{64}, expected \w{64}, also after a second download$/,
    );
  });
  await replaceMirror({
    bookworm: [{ name: cloud('6.1.0-50'), version: '6.1.176-1', deb: kernelDeb({ name: 'k', version: '1' }, []) }],
  });
  await withCache(async ({ options }) => {
    expect(await failure(pullKernel(await only('debian:6.1', options), options))).toBe(
      'InfraError: linux-image-6.1.0-50-cloud-amd64 6.1.176-1: the package has no kernel image',
    );
  });
});

it('a pull accepts packages and images of the user, also two kernels with the same release', async () => {
  await withCache(async ({ options, folder }) => {
    const write = async (name: string, content: Buffer) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const deb = await write('own.deb', fakePackage(cloud('6.1.0-99'), '6.1.199-1').deb);
    const one = await write('one', bzImage());
    const two = await write('two', bzImage({ banner: '6.9.1-test (somebody@else) #2 SMP' }));
    const planned = await planKernels([`file:${one}`, `deb:${deb}`, `file:${two}`, `file:${one}`], options);
    const pulled = await Promise.all(planned.map(async (kernel) => pullKernel(kernel, options)));
    expect(pulled.map(({ id, version, release, distribution, package: used }) => [id, version, release, distribution, used])).toEqual([
      ['deb-6.1.0-99-cloud-amd64', '6.1.199', '6.1.0-99-cloud-amd64', 'deb', null],
      ['file-6.9.1-test', '6.9.1', '6.9.1-test', 'file', null],
      ['file-6.9.1-test~2', '6.9.1', '6.9.1-test', 'file', null],
    ]);
    const again = await pullKernel(planned[0] ?? (await only(`deb:${deb}`, options)), options);
    expect([factsOf(again)]).toEqual(pulled.slice(0, 1).map(factsOf));
  });
});

it('a pull replaces cached kernels of an older version of corematrix', async () => {
  await withCache(async ({ options }) => {
    const planned = await only('debian:6.1', options);
    const image = await pullKernel(planned, options);
    const facts = join(options.cache, 'kernels', image.sha256, 'kernel.json');
    const before = await readFile(facts, 'utf8');
    await writeFile(facts, '{"format": 0}');
    expect(factsOf(await pullKernel(planned, options))).toEqual(factsOf(image));
    expect(await readFile(facts, 'utf8')).toBe(before);
  });
});

it('a pull stops when it is aborted', async () => {
  await withCache(async ({ options }) => {
    const planned = await only('debian:6.1', options);
    const reason = new Error('stopped');
    await expect(pullKernel(planned, { ...options, signal: AbortSignal.abort(reason) })).rejects.toThrow('stopped');
  });
});
