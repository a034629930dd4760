// Tests of finding a kernel's configuration: in its package, in the package beside it, in a file beside the image, in the image.
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { debArchive } from '../../../kernels/archive/deb.ts';
import { cachePackage } from '../../../kernels/cache/add.ts';
import { recordTrust } from '../../../kernels/cache/kernel-trust.ts';
import { planKernels } from '../../../kernels/plan.ts';
import { type KernelImage, pullKernel } from '../../../kernels/pull.ts';
import type { KernelOptions } from '../../../kernels/sources/options.ts';
import { findIkconfig } from '../../../kernels/image/ikconfig.ts';
import { readAtOf } from '../../../kernels/archive/read-at.ts';
import { publicKey } from '../signing.ts';
import { elfImage, fakePackage, type FakeMirror, kernelDeb, sha256, startMirror, withFolder } from '../fixtures.ts';

const CONFIG = '# Linux/x86\nCONFIG_HZ=250\n# CONFIG_SMP is not set\n';
const VERSION = '7.2.13-1';
const part = (release: string, path: string) => {
  const name = `linux-base-${release}`;
  return { name, version: VERSION, deb: kernelDeb({ name, version: VERSION }, [{ path, content: Buffer.from(CONFIG) }]) };
};
const LISTED = part('7.2.13-cloud-amd64', './usr/lib/modules/7.2.13-cloud-amd64/config');

let mirror: FakeMirror;
beforeEach(async () => {
  mirror = await startMirror({ sid: [fakePackage('linux-binary-7.2.13-cloud-amd64', VERSION), LISTED] });
});
afterEach(() => mirror.close());

async function pull(folder: string, selector: string, trustMirrors: string[] = []): Promise<KernelImage> {
  const options: KernelOptions = {
    cache: join(folder, 'cache'),
    mirrors: [mirror.address],
    trust: { trustMirrors, mirrorKeys: [publicKey('mirror')] },
  };
  const [planned] = await planKernels([selector], options);
  if (!planned) throw new Error(`${selector} means nothing`);
  return pullKernel(planned, options);
}

async function textOf({ config }: KernelImage): Promise<string | null> {
  return config && readFile(config.path, 'utf8');
}

test('a kernel configuration is downloaded once, with the kernel, from the package that has it', async () => {
  await withFolder(async (folder) => {
    const first = await pull(folder, 'debian:7.2');
    expect([await textOf(first), first.notes]).toEqual([CONFIG, []]);
    const requests = mirror.requests.length;
    expect((await pull(folder, 'debian:7.2')).config).toEqual(first.config);
    expect(mirror.requests.length).toBe(requests);
  });
});

test('a kernel that was cached without its configuration gets it at the next pull', async () => {
  await withFolder(async (folder, write) => {
    const { sha256: digest } = await pull(folder, 'debian:7.2');
    const facts = join('cache/kernels', digest, 'kernel.json');
    const { config: _, ...before } = JSON.parse(await readFile(join(folder, facts), 'utf8'));
    await write(facts, JSON.stringify(before));
    const directory = join(folder, 'cache/kernels', digest);
    for (const name of await readdir(directory)) if (name.startsWith('config')) await rm(join(directory, name));
    expect(await textOf(await pull(folder, 'debian:7.2'))).toBe(CONFIG);
  });
});

test('a kernel configuration from a package in no index comes from the pool if the user trusts the mirror, and is not cached', async () => {
  mirror.close();
  mirror = await startMirror({ sid: [fakePackage('linux-binary-7.2.13-cloud-amd64', VERSION)] });
  await withFolder(async (folder) => {
    const without = await pull(folder, 'debian:7.2', [mirror.address]);
    expect([without.config, without.notes]).toEqual([
      null,
      ['the mirror no longer has linux-base-7.2.13-cloud-amd64 with its configuration'],
    ]);
  });
  mirror.files.set(`/debian/pool/main/l/linux/${LISTED.name}_${VERSION}_amd64.deb`, LISTED.deb);
  await withFolder(async (folder) => {
    const unlisted = await pull(folder, 'debian:7.2', [mirror.address]);
    expect([await textOf(unlisted), unlisted.notes]).toEqual([
      CONFIG,
      ['configuration from linux-base-7.2.13-cloud-amd64, which no index lists any more: its checksum is unknown'],
    ]);
    const refused = await pull(folder, 'debian:7.2');
    expect([refused.config, refused.notes.map((note) => note.replaceAll(mirror.address, 'MIRROR'))]).toEqual([
      null,
      [
        'its configuration is not available: linux-base-7.2.13-cloud-amd64 cannot be verified, because no index lists it any more (to use this mirror anyway: --trust-mirror MIRROR, or COREMATRIX_TRUST_MIRRORS=MIRROR)',
      ],
    ]);
  });
});

test('the kernel configuration of an image file is in a file beside it or in the image', async () => {
  await withFolder(async (folder, write) => {
    const carried = Buffer.concat([Buffer.from('IKCFG_ST'), gzipSync('CONFIG_HZ=100\n'), Buffer.from('IKCFG_ED')]);
    const image = await write('vmlinux', Buffer.concat([elfImage(), carried]));
    expect(await textOf(await pull(folder, `file:${image}`))).toBe('CONFIG_HZ=100\n');
    await write('config-6.9.1-test', CONFIG);
    expect(await textOf(await pull(folder, `file:${image}`))).toBe(CONFIG);
    await write('config-6.9.1-test', 'not a configuration\n');
    expect(await textOf(await pull(folder, `file:${image}`))).toBe('CONFIG_HZ=100\n');
  });
});

test('a package that is trusted more does not write the configuration of its kernel again if it has the same one', async () => {
  const [name, version, release] = ['linux-image-6.1.0-50-cloud-amd64', '6.1.176-1', '6.1.0-50-cloud-amd64'] as const;
  const deb = kernelDeb({ name, version }, [
    { path: `./boot/config-${release}`, content: Buffer.from(CONFIG) },
    { path: `./boot/vmlinuz-${release}`, content: elfImage() },
  ]);
  await withFolder(async (folder, write) => {
    const path = await write('kernel.deb', deb);
    const cache = join(folder, 'cache');
    const add = { archive: debArchive(path), sha256: sha256(deb), label: path };
    const first = await cachePackage(cache, { ...add, trust: { kind: 'own' } });
    await recordTrust(first.directory, { kind: 'own' });
    const fileOf = async () => (await stat(join(first.directory, 'kernel.json'))).ino;
    const before = await fileOf();
    const second = await cachePackage(cache, { ...add, trust: { kind: 'pinned' } });
    expect([second.config, await fileOf()]).toEqual([first.config, before]);
    expect(first.config?.size).toBe(CONFIG.length);
  });
});

test('a kernel configuration in an image must be complete, small enough and set an option', async () => {
  const find = async (...parts: (string | Buffer)[]) => {
    const bytes = Buffer.concat(parts.map((each) => Buffer.from(each)));
    return (await findIkconfig(readAtOf(bytes), bytes.length))?.toString() ?? null;
  };
  expect(await find('IKCFG_ST')).toBe(null);
  expect(await find('IKCFG_ST', 'no gzip', 'IKCFG_ED')).toBe(null);
  expect(await find('IKCFG_ST', gzipSync('# nothing is set\n'), 'IKCFG_ED')).toBe(null);
  expect(await find('IKCFG_ST', gzipSync(Buffer.alloc(64 << 20)), 'IKCFG_ED')).toBe(null);
  expect(await find('IKCFG_STIKCFG_ST', gzipSync('CONFIG_HZ=1\n'), 'IKCFG_ED')).toBe('CONFIG_HZ=1\n');
});
