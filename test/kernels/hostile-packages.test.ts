// Tests of hostile packages from a mirror on this machine: each is refused with its reason and leaves no files behind.
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { planKernels } from '../../kernels/plan.ts';
import { pullKernel } from '../../kernels/pull.ts';
import { arArchive, kernelDeb, sha256, type TarFile, tarArchive } from './fixtures.ts';
import { cloud, failure, mirror, only, replaceMirror, useMirror, withCache } from './small-mirror.ts';

useMirror();

const NAME = cloud('6.1.0-50');
const VERSION = '6.1.176-1';
const KERNEL = `./boot/vmlinuz-6.1.0-50-cloud-amd64`;
const EMPTY = Buffer.alloc(0);

/** Pulls from a mirror with one package. Returns the error, and the files that are left in the cache and outside of it. */
async function pulled(deb: Buffer) {
  await replaceMirror({ bookworm: [{ name: NAME, version: VERSION, deb }] });
  return withCache(async ({ options, folder }) => {
    const error = await failure(pullKernel(await only('debian:6.1', options), options));
    const kernels = await readdir(join(options.cache, 'kernels')).catch(() => []);
    return { error, left: [...kernels, ...(await readdir(folder)).filter((name) => name !== 'cache')] };
  });
}

const refused = (reason: string | RegExp) => ({
  error: typeof reason === 'string' ? `InfraError: ${NAME} ${VERSION}: ${reason}` : expect.stringMatching(reason),
  left: [],
});

const MEMBERS: readonly (readonly [string, TarFile, string])[] = [
  ['a name with ..', { path: '../../../escaped', content: Buffer.from('x') }, 'the name of a member leaves the package: ../../../escaped'],
  [
    'a name with .. inside',
    { path: './boot/../../escaped', content: Buffer.from('x') },
    'the name of a member leaves the package: ./boot/../../escaped',
  ],
  ['an absolute name', { path: '/tmp/escaped', content: Buffer.from('x') }, 'the name of a member leaves the package: /tmp/escaped'],
  [
    'a symbolic link as kernel',
    { path: KERNEL, content: EMPTY, type: 'SymbolicLink', linkpath: '/etc/passwd' },
    `${KERNEL} is a symbolic link; expected a file`,
  ],
  [
    'a hard link as kernel',
    { path: KERNEL, content: EMPTY, type: 'Link', linkpath: '/etc/passwd' },
    `${KERNEL} is a hard link; expected a file`,
  ],
  ['a folder as kernel', { path: KERNEL, content: EMPTY, type: 'Directory' }, `${KERNEL} is a folder; expected a file`],
  [
    'a FIFO',
    { path: './boot/fifo', content: EMPTY, type: 'FIFO' },
    './boot/fifo is a FIFO; expected only files, folders and links in a package',
  ],
  [
    'a character device',
    { path: KERNEL, content: EMPTY, type: 'CharacterDevice' },
    `${KERNEL} is a character device; expected only files, folders and links in a package`,
  ],
  [
    'a block device',
    { path: './boot/sda', content: EMPTY, type: 'BlockDevice' },
    './boot/sda is a block device; expected only files, folders and links in a package',
  ],
];

it.each(MEMBERS)('a package with %s is refused', async (_, member, reason) => {
  expect(await pulled(kernelDeb({ name: NAME, version: VERSION }, [member]))).toEqual(refused(reason));
});

it('a package with a member of an unknown kind is refused', async () => {
  const tar = tarArchive([
    { path: KERNEL, content: EMPTY },
    { path: './padding', content: Buffer.alloc(1 << 20) },
  ]);
  tar.write('Z', 156, 'latin1');
  // The checksum counts the type: '0' became 'Z'.
  const sum = [...tar.subarray(0, 512)].reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  expect(
    await pulled(
      arArchive([
        { name: 'debian-binary', content: Buffer.from('2.0\n') },
        { name: 'data.tar', content: tar },
      ]),
    ),
  ).toEqual(refused(/is a member of an unknown kind/));
});

it('a package with two data archives is refused', async () => {
  const tar = tarArchive([{ path: './padding', content: Buffer.alloc(1 << 20) }]);
  const members = ['data.tar', 'data.tar'].map((name) => ({ name, content: tar }));
  expect(await pulled(arArchive(members))).toEqual(refused('not a Debian package: it has more than one data.tar'));
});

/** A data archive whose first member has this many zero bytes, compressed by a program. */
async function bomb(command: readonly string[], size: number): Promise<Buffer> {
  const head = tarArchive([{ path: './usr/share/zeros', content: EMPTY }]).subarray(0, 512);
  head.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  const sum = [...head].reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const script = `{ printf '%s' "$1" | base64 -d; head -c ${size} /dev/zero; } | ${command.join(' ')}`;
  const { stdout } = await execa('bash', ['-c', script, 'bomb', head.toString('base64')], { encoding: 'buffer', maxBuffer: 64 << 20 });
  return Buffer.from(stdout);
}

it.each([
  ['xz', 'data.tar.xz', ['xz', '-0']],
  ['zstd', 'data.tar.zst', ['zstd', '-q']],
  ['gzip', 'data.tar.gz', ['gzip', '-1']],
] as const)('a package with a %s bomb is refused before it fills memory or disk', async (_, name, command) => {
  const content = await bomb(command, 640 * 2 ** 20);
  // A package of less than 1 MiB would count as a meta package.
  const padding = { name: '_padding', content: Buffer.alloc(1 << 20) };
  const outcome = await pulled(arArchive([{ name: 'debian-binary', content: Buffer.from('2.0\n') }, { name, content }, padding]));
  expect(outcome).toEqual(
    refused(`its ${content.length} bytes unpack to more than ${256 * 2 ** 20 + 100 * content.length} bytes, which is the limit`),
  );
});

it('an index that is a bomb is refused', async () => {
  const gzip = createGzip();
  const chunks: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
  const lines = Buffer.alloc(1 << 20, 'Package: x\n\n');
  for (let count = 0; count < 200; count += 1) gzip.write(lines);
  await new Promise<void>((resolve) => {
    gzip.end(resolve);
  });
  const index = Buffer.concat(chunks);
  mirror.files.delete('/debian/dists/bookworm/main/binary-amd64/Packages.xz');
  mirror.files.set('/debian/dists/bookworm/main/binary-amd64/Packages.gz', index);
  await mirror.publish('bookworm');
  await withCache(async ({ options }) => {
    expect(await failure(planKernels(['debian:6.1'], options))).toBe(
      `InfraError: an index file unpacks to more than ${64 * 2 ** 20 + 50 * index.length} bytes`,
    );
    const kept = join(options.cache, 'debian/indexes', `${sha256(index)}.linux.json`);
    await expect(access(kept)).rejects.toThrow('ENOENT');
  });
});
