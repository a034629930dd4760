// Tests of pulls that are killed, of two pulls at once, and of full and read-only disks.
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import {
  btfBlob,
  bzImage,
  elfImage,
  type FakeMirror,
  type FakePackage,
  kernelDeb,
  sha256,
  startMirror,
  withFolder,
} from '../../kernels/fixtures.ts';
import { TRUSTING } from '../../kernels/signing.ts';

const NAME = 'linux-image-6.1.0-50-cloud-amd64';
const VERSION = '6.1.176-1';
const BANNER = `6.1.0-50-cloud-amd64 (me@here) #1 SMP Debian ${VERSION} (2026-01-01)`;
const VMLINUX = elfImage({ btf: btfBlob(3 << 20), banner: `Linux version ${BANNER}` });
const IMAGE = bzImage({ payload: gzipSync(VMLINUX), banner: BANNER });
const CONFIG = Buffer.from('CONFIG_BPF=y\n');
const PACKAGE: FakePackage = {
  name: NAME,
  version: VERSION,
  deb: kernelDeb({ name: NAME, version: VERSION }, [
    { path: './boot/config-6.1.0-50-cloud-amd64', content: CONFIG },
    { path: './boot/vmlinuz-6.1.0-50-cloud-amd64', content: IMAGE },
  ]),
};

let mirror: FakeMirror;
beforeAll(async () => {
  mirror = await startMirror({ bookworm: [PACKAGE] });
});
// A test that fails early must not leave a stalled mirror for the next tests.
afterEach(() => {
  mirror.holdAfter = null;
});
afterAll(() => mirror.close());

function pull(cache: string) {
  const env = { COREMATRIX_CACHE: cache, COREMATRIX_DEBIAN_MIRROR: mirror.address, ...TRUSTING };
  return execa('node', [join(PACKAGE_ROOT, 'dist/harness/cli/main.js'), 'kernels', 'pull', 'debian:6.1'], { env, reject: false });
}

/** An unfinished file of a killed process. It may belong to a live one, so a run removes it only after a day. */
const UNFINISHED = /\.tmp-[0-9a-f]{16}$/;

/** Every file of the cache, except cached suites and unfinished files, with the digest of its content. */
async function contents(cache: string): Promise<Record<string, string>> {
  const names = await readdir(cache, { recursive: true });
  const files: [string, string][] = [];
  for (const name of names.toSorted()) {
    if (name.startsWith('debian/') || UNFINISHED.test(name) || !(await stat(join(cache, name))).isFile()) continue;
    files.push([name.replace(sha256(IMAGE), 'IMAGE').replace(sha256(PACKAGE.deb), 'PACKAGE'), sha256(await readFile(join(cache, name)))]);
  }
  return Object.fromEntries(files);
}

/** A cache with only this kernel. */
const WHOLE = {
  'kernels/IMAGE/btf': sha256(btfBlob(3 << 20)),
  'kernels/IMAGE/config': sha256(CONFIG),
  'kernels/IMAGE/functions': expect.any(String),
  'kernels/IMAGE/image': sha256(IMAGE),
  'kernels/IMAGE/kernel.json': expect.any(String),
  'kernels/IMAGE/trust.json': expect.any(String),
  'kernels/IMAGE/vmlinux': sha256(VMLINUX),
  'packages/PACKAGE.json': expect.any(String),
};

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(50);
}

const asked = () => mirror.requests.filter((path) => path.endsWith('.deb')).length;

describe('a pull that is killed', () => {
  it('a pull that is killed during the download leaves only files that the next pull uses or removes', async () => {
    await withFolder(async (cache) => {
      mirror.holdAfter = 300_000;
      const first = pull(cache);
      const partial = async () => {
        const names = await readdir(join(cache, 'downloads'), { recursive: true }).catch(() => []);
        // A finished index is renamed between the two calls.
        const found = await Promise.all(names.map(async (name) => stat(join(cache, 'downloads', name)).catch(() => null)));
        return found.some((file) => file?.size === 300_000);
      };
      await until(partial);
      first.kill('SIGKILL');
      expect((await first).signal).toBe('SIGKILL');
      expect(await partial()).toBe(true);
      mirror.holdAfter = null;
      expect((await pull(cache)).exitCode).toBe(0);
      expect(await contents(cache)).toEqual(WHOLE);
    });
  });

  it('a pull after one that was killed at any moment gives the right kernel', async () => {
    await withFolder(async (cache) => {
      const started = performance.now();
      await pull(join(cache, 'whole'));
      const whole = performance.now() - started;
      for (const part of [0.6, 0.8, 0.95]) {
        const own = join(cache, String(part));
        const first = pull(own);
        await sleep(whole * part);
        first.kill('SIGKILL');
        await first;
        expect((await pull(own)).exitCode).toBe(0);
        expect(await contents(own)).toEqual(WHOLE);
      }
    });
  });
});

it('two pulls at once with one cache give the same kernel', async () => {
  await withFolder(async (cache) => {
    const before = asked();
    const both = await Promise.all([pull(cache), pull(cache)]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(both[0].stdout).toBe(both[1].stdout);
    expect(await contents(cache)).toEqual(WHOLE);
    expect(asked() - before).toBeLessThanOrEqual(2);
  });
});

/** Runs on a separate file system in memory, whose options `remount` changes. */
async function withDisk(size: string, use: (disk: string, remount: (options: string) => Promise<unknown>) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'corematrix-test', disk]);
    try {
      await use(disk, async (options) => execa('mount', ['-o', `remount,${options}`, disk]));
    } finally {
      await execa('umount', [disk]);
    }
  });
}

const mayMount = await withDisk('1m', async () => {}).then(
  () => true,
  () => false,
);

async function said(cache: string): Promise<string> {
  const { exitCode, stderr } = await pull(cache);
  return `${stderr
    .replaceAll(cache, 'CACHE')
    .replaceAll(/\d+\.\d s$/gm, 'N s')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'DIGEST')}, exit ${exitCode}`;
}

describe.skipIf(!mayMount)('a disk', () => {
  it.each(['700k', '2m', '5m'])('a pull on a full disk of %s fails with one line; with room, the next pull succeeds', async (size) => {
    await withDisk(size, async (disk, remount) => {
      const first = await said(disk);
      expect(first).toMatch(/^error: debian-6\.1\.0-50-cloud-amd64: cannot write CACHE[^\n]*: the disk is full; [^\n]*, exit 3$/);
      const left = Object.keys(await contents(disk)).filter((name) => !name.startsWith('downloads/'));
      expect(left).toEqual([]);
      await remount('size=32m');
      expect(await said(disk)).toBe('debian-6.1.0-50-cloud-amd64: BTF 3.0 MiB, ready after N s, exit 0');
      expect(await contents(disk)).toEqual(WHOLE);
    });
  });

  it('a pull on a disk too small for the indexes fails with one line', async () => {
    await withDisk('8k', async (disk) => {
      expect(await said(disk)).toMatch(/^error: cannot write CACHE[^\n]*: the disk is full; [^\n]*, exit 3$/);
    });
  });

  it('a cache on a read-only disk provides its kernels, and a pull that must write fails with one line', async () => {
    await withDisk('32m', async (disk, remount) => {
      const before = asked();
      await pull(disk);
      await remount('ro');
      expect(await said(disk)).toBe('debian-6.1.0-50-cloud-amd64: BTF 3.0 MiB, ready after N s, exit 0');
      expect(asked() - before).toBe(1);
      expect(await said(join(disk, 'other'))).toMatch(/^error: cannot write CACHE[^\n]*: the file system is read-only; [^\n]*, exit 3$/);
    });
  });
});
