// Tests of `corematrix kernels` with a mirror on this machine.
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeMirror, fakePackage, kernelDeb, startMirror, withFolder } from '../../kernels/fixtures.ts';
import { TRUSTING } from '../../kernels/signing.ts';
import { corematrix } from './command.ts';

const cloud = (release: string) => `linux-image-${release}-cloud-amd64`;
const PACKAGES = {
  bullseye: [fakePackage(cloud('5.10.0-32'), '5.10.223-1')],
  bookworm: [fakePackage(cloud('6.1.0-50'), '6.1.176-1'), fakePackage('linux-image-6.1.0-50-rt-amd64', '6.1.176-1')],
  trixie: [fakePackage(cloud('6.12.107+deb13'), '6.12.107-1'), fakePackage(cloud('6.12.94+deb13'), '6.12.94-1')],
};

let mirror: FakeMirror;
beforeAll(async () => {
  mirror = await startMirror(PACKAGES);
});
afterAll(() => mirror.close());

/** Sorts lines, because pulls end in any order. */
const sorted = (text: string) => text.split('\n').toSorted().join('\n');

type Run = (...args: string[]) => Promise<string>;

/** Runs with an empty cache. `run` returns the output as one text, without parts that differ between machines and runs. */
async function withCache(use: (run: Run, folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const env = { COREMATRIX_CACHE: join(folder, 'cache'), COREMATRIX_DEBIAN_MIRROR: mirror.address, ...TRUSTING };
    const run = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await corematrix(folder, ['kernels', ...args], env);
      return `${stderr}${stderr === '' ? '' : '\n'}---\n${stdout}\nexit ${exitCode}`
        .replaceAll(folder, 'FOLDER')
        .replaceAll(mirror.address, 'MIRROR')
        .replaceAll(/\d+\.\d s\b/g, 'N s')
        .replaceAll(/\b[0-9a-f]{64}\b/g, 'DIGEST')
        .replaceAll(/\b[0-9A-F]{40}\b/g, 'FINGERPRINT');
    };
    await use(run, folder);
  });
}

describe('kernels list', () => {
  it('a selector in the place of a command, and selectors of types, are refused with what to type', async () => {
    await withCache(async (run) => {
      const commands = [['debian:6.12'], ['cached'], ['lst'], ['list', 'cached'], ['pull', 'btf:x']];
      const said = await Promise.all(commands.map(async (args) => `kernels ${args.join(' ')}\n${await run(...args)}`));
      expect(said.join('\n')).toMatchInlineSnapshot(`
        "kernels debian:6.12
        error: unknown command 'debian:6.12'; a command comes before selectors: corematrix kernels list debian:6.12
        (add --help for the possible arguments)
        ---

        exit 2
        kernels cached
        error: 'cached' names every kernel in the cache: only "predict -k" and "types -k" take it. Expected kernels, for example debian:6.12, deb:PATH, rpm:PATH, dir:PATH or file:PATH (all forms: corematrix kernels --help)
        ---

        exit 2
        kernels lst
        error: unknown command 'lst' (did you mean list?)
        (add --help for the possible arguments)
        ---

        exit 2
        kernels list cached
        error: 'cached' names every kernel in the cache: only "predict -k" and "types -k" take it. Expected kernels, for example debian:6.12, deb:PATH, rpm:PATH, dir:PATH or file:PATH (all forms: corematrix kernels --help)
        ---

        exit 2
        kernels pull btf:x
        error: 'btf:x' names BTF, without a kernel that boots: only "predict -k" and "types -k" take it. Expected kernels, for example debian:6.12, deb:PATH, rpm:PATH, dir:PATH or file:PATH (all forms: corematrix kernels --help)
        ---

        exit 2"
      `);
    });
  });

  it('kernels list shows the kernels of selectors, and those in the cache', async () => {
    await withCache(async (run) => {
      await run('pull', 'debian:6.1');
      expect(await run('list')).toMatchInlineSnapshot(`
        "---
        KERNEL                             VERSION   PACKAGE                                            SUITE     SIZE     CACHED
        debian-5.10.0-32-cloud-amd64       5.10.223  linux-image-5.10.0-32-cloud-amd64 5.10.223-1       bullseye  1.0 MiB  no
        debian-6.1.0-50-cloud-amd64        6.1.176   linux-image-6.1.0-50-cloud-amd64 6.1.176-1         bookworm  1.0 MiB  yes
        debian-6.12.107+deb13-cloud-amd64  6.12.107  linux-image-6.12.107+deb13-cloud-amd64 6.12.107-1  trixie    1.0 MiB  no
        exit 0"
      `);
      expect(await run('list', 'debian:6.1/rt', 'debian:6.12.94')).toMatchInlineSnapshot(`
        "---
        KERNEL                            VERSION  PACKAGE                                          SUITE     SIZE     CACHED
        debian-6.1.0-50-rt-amd64          6.1.176  linux-image-6.1.0-50-rt-amd64 6.1.176-1          bookworm  1.0 MiB  no
        debian-6.12.94+deb13-cloud-amd64  6.12.94  linux-image-6.12.94+deb13-cloud-amd64 6.12.94-1  trixie    1.0 MiB  no
        exit 0"
      `);
    });
  });

  it('kernels list --json writes the same kernels as JSON', async () => {
    await withCache(async (run) => {
      expect(await run('list', 'debian:5.10', '--json')).toMatchInlineSnapshot(`
        "---
        [
          {
            "id": "debian-5.10.0-32-cloud-amd64",
            "version": "5.10.223",
            "series": "5.10",
            "arch": "x86_64",
            "package": {
              "name": "linux-image-5.10.0-32-cloud-amd64",
              "version": "5.10.223-1"
            },
            "suites": [
              "bullseye"
            ],
            "size": 1054400,
            "cached": false
          }
        ]
        exit 0"
      `);
    });
  });

  it('kernels list refuses wrong input in one line', async () => {
    await withCache(async (run) => {
      expect(await run('list', 'debian:9.9')).toMatchInlineSnapshot(`
        "error: debian:9.9: no such kernel; the Debian mirror has 5.10, 6.1, 6.12 (amd64, cloud)
        ---

        exit 2"
      `);
      expect(await run('list', '6.12')).toMatchInlineSnapshot(`
        "error: '6.12' is not a kernel selector; did you mean debian:6.12? (all forms: corematrix kernels --help)
        ---

        exit 2"
      `);
      expect(await run('list', '--frozen')).toMatchInlineSnapshot(`
        "error: --frozen needs --lock FILE: it takes only what that file pins
        ---

        exit 2"
      `);
      expect(await run('list', '--lock', 'no.json')).toMatchInlineSnapshot(`
        "error: no.json: no such lock file; "corematrix kernels lock" makes one
        ---

        exit 2"
      `);
      expect(await run('list', '--nothing')).toMatchInlineSnapshot(`
        "error: unknown option '--nothing'
        (add --help for the possible arguments)
        ---

        exit 2"
      `);
    });
  });
});

describe('kernels pull', () => {
  it('kernels pull --modules unpacks the modules of a kernel and indexes their names', async () => {
    const [release, version] = ['7.2.13-cloud-amd64', '7.2.13-1'];
    const packed = (name: string, path: string) => ({
      name,
      version,
      deb: kernelDeb({ name, version }, [{ path, content: Buffer.from('text') }]),
    });
    const own = await startMirror({
      sid: [
        fakePackage(`linux-binary-${release}`, version),
        packed(`linux-base-${release}`, `./usr/lib/modules/${release}/config`),
        packed(`linux-modules-${release}`, `./usr/lib/modules/${release}/kernel/nf_nat.ko`),
      ],
    });
    await withFolder(async (folder) => {
      const cache = join(folder, 'cache');
      const env = { COREMATRIX_CACHE: cache, COREMATRIX_DEBIAN_MIRROR: own.address, ...TRUSTING };
      const pulled = await corematrix(folder, ['kernels', 'pull', '--modules', 'debian:7.2'], env);
      const files = await readdir(join(cache, 'modules'), { recursive: true });
      expect([pulled.exitCode, files.map((file) => basename(file)).filter((name) => name.includes('.'))]).toEqual([
        0,
        ['names.txt', 'nf_nat.ko'],
      ]);
    });
    own.close();
  });

  it('kernels pull indexes the functions of a kernel, so that predictions need not', async () => {
    await withCache(async (run, folder) => {
      await run('pull', 'debian:6.1');
      const files = await readdir(join(folder, 'cache', 'kernels'), { recursive: true });
      expect(files.map((file) => basename(file))).toContain('functions');
    });
  });

  it('kernels pull downloads kernels once and then uses the cache', async () => {
    await withCache(async (run) => {
      expect(sorted(await run('pull', 'debian:6.1', 'debian:6.12'))).toMatchInlineSnapshot(`
        "---
        KERNEL                             RELEASE                     VERSION   FOLDER
        debian-6.1.0-50-cloud-amd64        6.1.0-50-cloud-amd64        6.1.176   FOLDER/cache/kernels/DIGEST
        debian-6.1.0-50-cloud-amd64: BTF 0.1 MiB, ready after N s
        debian-6.12.107+deb13-cloud-amd64  6.12.107+deb13-cloud-amd64  6.12.107  FOLDER/cache/kernels/DIGEST
        debian-6.12.107+deb13-cloud-amd64: BTF 0.1 MiB, ready after N s
        exit 0"
      `);
      const before = mirror.requests.length;
      expect(await run('pull', 'debian:6.1', '--json')).toMatchInlineSnapshot(`
        "debian-6.1.0-50-cloud-amd64: BTF 0.1 MiB, ready after N s
        ---
        [
          {
            "id": "debian-6.1.0-50-cloud-amd64",
            "selector": "debian:6.1",
            "version": "6.1.176",
            "series": "6.1",
            "arch": "x86_64",
            "distribution": "debian",
            "sha256": "DIGEST",
            "release": "6.1.0-50-cloud-amd64",
            "vmlinux": "FOLDER/cache/kernels/DIGEST/vmlinux",
            "image": "FOLDER/cache/kernels/DIGEST/image",
            "btf": {
              "size": 70000,
              "sha256": "DIGEST",
              "path": "FOLDER/cache/kernels/DIGEST/btf"
            },
            "config": null,
            "package": {
              "name": "linux-image-6.1.0-50-cloud-amd64",
              "version": "6.1.176-1",
              "path": "pool/main/l/linux/linux-image-6.1.0-50-cloud-amd64_6.1.176-1_amd64.deb",
              "sha256": "DIGEST"
            },
            "trust": {
              "kind": "signed",
              "mirror": "MIRROR",
              "key": "FINGERPRINT",
              "keyFile": "DIGEST",
              "expired": null
            },
            "notes": []
          }
        ]
        exit 0"
      `);
      expect(mirror.requests.length).toBe(before);
    });
  });

  it('kernels pull continues with the others if one fails', async () => {
    await withCache(async (run) => {
      const path = `/debian/pool/main/l/linux/${cloud('6.1.0-50')}_6.1.176-1_amd64.deb`;
      const deb = mirror.files.get(path) ?? Buffer.alloc(0);
      mirror.files.set(path, Buffer.alloc(deb.length));
      expect(sorted(await run('pull', 'debian:6.1', 'debian:5.10'))).toMatchInlineSnapshot(`
        "---
        KERNEL                        RELEASE                VERSION   FOLDER
        debian-5.10.0-32-cloud-amd64  5.10.0-32-cloud-amd64  5.10.223  FOLDER/cache/kernels/DIGEST
        debian-5.10.0-32-cloud-amd64: BTF 0.1 MiB, ready after N s
        error: debian-6.1.0-50-cloud-amd64: MIRROR/pool/main/l/linux/linux-image-6.1.0-50-cloud-amd64_6.1.176-1_amd64.deb: its sha256 is DIGEST, expected DIGEST, also after a second download
        exit 3"
      `);
      mirror.files.delete(path);
      expect(await run('pull', 'debian:6.1')).toMatchInlineSnapshot(`
        "error: debian-6.1.0-50-cloud-amd64: debian:6.1: the mirror indexes linux-image-6.1.0-50-cloud-amd64 6.1.176-1, but has none of them
        ---
        KERNEL  RELEASE  VERSION  FOLDER
        exit 3"
      `);
      mirror.files.set(path, deb);
    });
  });

  it('kernels pull accepts a file, and refuses one that is not a kernel', async () => {
    await withCache(async (run, folder) => {
      await writeFile(join(folder, 'garbage'), 'no kernel at all');
      expect(await run('pull', 'file:garbage')).toMatchInlineSnapshot(`
        "error: file:garbage: not a kernel image: expected a bzImage, an ELF vmlinux or an arm64 Image
        ---

        exit 2"
      `);
      expect(await run('pull', 'deb:garbage')).toMatchInlineSnapshot(`
        "error: deb:garbage: not a Debian package: not an ar archive
        ---

        exit 2"
      `);
    });
  });
});

describe('kernels lock', () => {
  it('kernels lock pins the kernels of selectors, and list and pull then read no index', async () => {
    await withCache(async (run, folder) => {
      expect(await run('lock', 'debian:6.12', 'debian:6.1', '-o', 'lock.json')).toMatchInlineSnapshot(`
        "lock.json: 2 kernels pinned
        ---

        exit 0"
      `);
      expect(await readFile(join(folder, 'lock.json'), 'utf8')).not.toContain(mirror.address);
      mirror.requests.length = 0;
      expect(await run('list', '--lock', 'lock.json', '--frozen')).toMatchInlineSnapshot(`
        "---
        KERNEL                             VERSION   PACKAGE                                            SUITE  SIZE     CACHED
        debian-6.1.0-50-cloud-amd64        6.1.176   linux-image-6.1.0-50-cloud-amd64 6.1.176-1         -      1.0 MiB  no
        debian-6.12.107+deb13-cloud-amd64  6.12.107  linux-image-6.12.107+deb13-cloud-amd64 6.12.107-1  -      1.0 MiB  no
        exit 0"
      `);
      expect(mirror.requests).toEqual([]);
      expect(await run('list', 'debian:5.10', '--lock', 'lock.json', '--frozen')).toMatchInlineSnapshot(`
        "error: debian:5.10: no matching kernel is pinned in lock.json, and --frozen forbids any other
        ---

        exit 2"
      `);
    });
  });

  it('kernels lock refuses files and then writes no lock file', async () => {
    await withCache(async (run, folder) => {
      await run('pull', 'debian:6.1');
      await writeFile(join(folder, 'garbage'), 'no kernel at all');
      expect(await run('lock', 'file:garbage', '-o', 'lock.json')).toMatchInlineSnapshot(`
        "error: file:garbage: not a kernel image: expected a bzImage, an ELF vmlinux or an arm64 Image
        ---

        exit 2"
      `);
      await expect(readFile(join(folder, 'lock.json'))).rejects.toThrow('ENOENT');
    });
  });
});

describe('kernels prune', () => {
  it('kernels prune lists what it removes, also if that is nothing', async () => {
    await withCache(async (run, folder) => {
      expect(await run('prune')).toMatchInlineSnapshot(`
        "removed 0 entries, 0.0 MiB
        ---

        exit 0"
      `);
      const old = join(folder, 'cache/kernels/old');
      await mkdir(old, { recursive: true });
      await writeFile(join(old, 'vmlinux'), Buffer.alloc(2 << 20, 1));
      await utimes(join(old, 'vmlinux'), 1e9, 1e9);
      await utimes(old, 1e9, 1e9);
      // A file without a lock is kept for a day.
      const half = join(folder, 'cache/kernels/half.tmp-0123456789abcdef');
      await writeFile(half, Buffer.alloc(1 << 20, 1));
      await utimes(half, 1e9, 1e9);
      expect(await run('prune', '--dry-run')).toMatchInlineSnapshot(`
        "would remove 2 entries, 3.0 MiB
        ---
        1.0 MiB  left unfinished  FOLDER/cache/kernels/half.tmp-0123456789abcdef
        2.0 MiB  not used lately  FOLDER/cache/kernels/old
        exit 0"
      `);
      expect(await run('prune')).toMatchInlineSnapshot(`
        "removed 2 entries, 3.0 MiB
        ---
        1.0 MiB  left unfinished  FOLDER/cache/kernels/half.tmp-0123456789abcdef
        2.0 MiB  not used lately  FOLDER/cache/kernels/old
        exit 0"
      `);
      expect(await run('prune', '--keep-days', 'x')).toMatchInlineSnapshot(`
        "error: option '--keep-days <n>' argument 'x' is invalid. Expected a number of days, 0 or more.
        (add --help for the possible arguments)
        ---

        exit 2"
      `);
    });
  });
});
