// Where the configuration of a kernel comes from: its package, the package beside it, a file beside the image, the image itself.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { planKernels } from '../../../kernels/plan.ts';
import { type KernelImage, pullKernel } from '../../../kernels/pull.ts';
import type { KernelOptions } from '../../../kernels/sources/options.ts';
import { findIkconfig } from '../../../kernels/image/ikconfig.ts';
import { readAtOf } from '../../../kernels/archive/read-at.ts';
import { elfImage, fakePackage, type FakeMirror, kernelDeb, startMirror, withFolder } from '../fixtures.ts';

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

async function pull(folder: string, selector: string): Promise<KernelImage> {
  const options: KernelOptions = { cache: join(folder, 'cache'), mirrors: [mirror.address] };
  const [planned] = await planKernels([selector], options);
  if (!planned) throw new Error(`${selector} means nothing`);
  return pullKernel(planned, options);
}

async function textOf({ config }: KernelImage): Promise<string | null> {
  return config && readFile(config.path, 'utf8');
}

test('it is fetched with the kernel once, from the package that has it', async () => {
  await withFolder(async (folder) => {
    const first = await pull(folder, 'debian:7.2');
    expect([await textOf(first), first.notes]).toEqual([CONFIG, []]);
    const requests = mirror.requests.length;
    expect((await pull(folder, 'debian:7.2')).config).toEqual(first.config);
    expect(mirror.requests.length).toBe(requests);
  });
});

test('a kernel that was kept without gets its configuration, and stays as it is', async () => {
  await withFolder(async (folder, write) => {
    const { sha256 } = await pull(folder, 'debian:7.2');
    const facts = join('cache/kernels', sha256, 'kernel.json');
    const { config: _, ...before } = JSON.parse(await readFile(join(folder, facts), 'utf8'));
    await write(facts, JSON.stringify(before));
    await rm(join(folder, 'cache/kernels', sha256, 'config'));
    expect(await textOf(await pull(folder, 'debian:7.2'))).toBe(CONFIG);
  });
});

test('a package that no index lists any more is taken from the pool, which is said; one that is gone is no obstacle', async () => {
  mirror.close();
  mirror = await startMirror({ sid: [fakePackage('linux-binary-7.2.13-cloud-amd64', VERSION)] });
  await withFolder(async (folder) => {
    const without = await pull(folder, 'debian:7.2');
    expect([without.config, without.notes]).toEqual([
      null,
      ['its configuration is gone from the mirror with linux-base-7.2.13-cloud-amd64'],
    ]);
  });
  mirror.files.set(`/debian/pool/main/l/linux/${LISTED.name}_${VERSION}_amd64.deb`, LISTED.deb);
  await withFolder(async (folder) => {
    const unlisted = await pull(folder, 'debian:7.2');
    expect([await textOf(unlisted), unlisted.notes]).toEqual([
      CONFIG,
      ['configuration from linux-base-7.2.13-cloud-amd64, which no index lists any more: its checksum is not known'],
    ]);
  });
});

test('a file says it by a file beside it, or else itself', async () => {
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

test('what only looks like a configuration in an image is none', async () => {
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
