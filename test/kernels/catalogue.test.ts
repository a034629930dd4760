// Planning and pulling against a mirror on this machine that loses packages, lies and goes down.
import { readFile, writeFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KernelEvent, type KernelOptions, planKernels, pullKernel } from '../../kernels/catalogue.ts';
import { formatLock, parseLock } from '../../kernels/lock.ts';
import { bzImage, fakePackage, type FakeMirror, kernelDeb, startMirror, withFolder } from './fixtures.ts';

const cloud = (release: string) => `linux-image-${release}-cloud-amd64`;
const PACKAGES = {
  bullseye: [fakePackage(cloud('5.10.0-32'), '5.10.223-1'), fakePackage(`${cloud('5.10.0-32')}-unsigned`, '5.10.223-1')],
  bookworm: [
    fakePackage(cloud('6.1.0-50'), '6.1.176-1'),
    fakePackage('linux-image-6.1.0-50-rt-amd64', '6.1.176-1'),
    fakePackage(`${cloud('6.1.0-50')}-dbg`, '6.1.176-1'),
    fakePackage(cloud('6.12.107+deb12'), '6.12.107-1~deb12u1'),
  ],
  trixie: [fakePackage(cloud('6.12.107+deb13'), '6.12.107-1'), fakePackage(cloud('6.12.94+deb13'), '6.12.94-1')],
  'trixie-backports': [{ name: cloud('7.0.4+deb13'), version: '7.0.4-1~bpo13+1', deb: Buffer.alloc(2000) }],
  experimental: [
    fakePackage('linux-binary-7.3-cloud-amd64', '7.3~rc7-1~exp1'),
    fakePackage('linux-binary-unsigned-7.3-cloud-amd64', '7.3~rc7-1~exp1'),
  ],
};

let mirror: FakeMirror;
beforeEach(async () => {
  mirror = await startMirror(PACKAGES);
});
afterEach(() => mirror.close());

interface Setting {
  options: KernelOptions;
  notes: string[];
  folder: string;
}

/** Runs with an empty cache and everything that was noted; this mirror signs nothing, which is noted too and left out here. */
async function withCache<T>(use: (setting: Setting) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    const notes: string[] = [];
    const onProgress = (event: KernelEvent) => {
      if (event.kind === 'note' && !event.text.startsWith('signatures')) notes.push(event.text.replaceAll(mirror.address, 'MIRROR'));
    };
    return use({ options: { cache: join(folder, 'cache'), mirrors: [mirror.address], onProgress }, notes, folder });
  });
}

const pool = (name: string, version: string) => `/debian/pool/main/l/linux/${name}_${version}_amd64.deb`;
const only = async (selector: string, options: KernelOptions) => {
  const [planned] = await planKernels([selector], options);
  if (!planned) throw new Error(`${selector} means nothing`);
  return planned;
};
const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => String(error).replaceAll(mirror.address, 'MIRROR'),
  );

describe('a plan', () => {
  it('has the newest kernel of every series in true version order, from whatever suite', async () => {
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

  it('answers series, versions, ranges and flavours, each kernel once under its first selector', async () => {
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

  it('is refused with what there is when a selector means nothing', async () => {
    await withCache(async ({ options, folder }) => {
      const text = join(folder, 'text');
      await writeFile(text, 'no kernel');
      const selectors = [
        'debian:6.5',
        'debian:6.12.1',
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
          "UserError: debian:6.1/arm64: the Debian mirror has no kernels for arm64, flavour cloud",
          "UserError: kernel selector 'debian:6.1/sparc': 'sparc' is neither an architecture nor a flavour; known are amd64, arm64, cloud, generic, rt",
          "UserError: '6.12' is not a kernel selector; did you mean debian:6.12? possible are debian:6.12 (newest of a series), debian:6.12.107, debian:all, "debian:>=5.10,<=6.12", each with /amd64, /arm64, /cloud, /generic or /rt behind it, file:PATH (bzImage, vmlinux or Image) and deb:PATH",
          "UserError: kernel selector 'debian:' names no version; possible are debian:6.12 (newest of a series), debian:6.12.107, debian:all, "debian:>=5.10,<=6.12", each with /amd64, /arm64, /cloud, /generic or /rt behind it, file:PATH (bzImage, vmlinux or Image) and deb:PATH",
          "UserError: 'vmlinuz' is not a kernel selector; did you mean file:vmlinuz? possible are debian:6.12 (newest of a series), debian:6.12.107, debian:all, "debian:>=5.10,<=6.12", each with /amd64, /arm64, /cloud, /generic or /rt behind it, file:PATH (bzImage, vmlinux or Image) and deb:PATH",
          "UserError: kernel selector 'debian:x': 'x' is not a range of kernel versions; expected for example 6.12, <5.14 or >=5.10,<=6.12, or all",
          "UserError: file:/text: not a kernel image: expected a bzImage, an ELF vmlinux or an arm64 Image",
          "UserError: deb:/text: not a Debian package: not an ar archive",
          "UserError: kernel selector 'file:' names no file; expected file:PATH",
        ]
      `);
    });
  });

  it('takes milliseconds and no request when it was made before, and asks again when told to', async () => {
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

  it('uses the last known indexes when the mirror is down, and says so; without any it fails', async () => {
    await withCache(async ({ options, notes }) => {
      await planKernels(['debian:all'], options);
      mirror.close();
      const planned = await planKernels(['debian:6.1'], { ...options, refresh: true });
      expect(planned.map(({ id }) => id)).toEqual(['debian-6.1.0-50-cloud-amd64']);
      expect(notes.map((note) => note.replaceAll(/\d{4}-[\dT:.-]+Z/g, 'TIME').replace(/\(.*\)/, '(…)'))).toEqual([
        'the Debian mirror cannot be asked, its indexes of TIME are used (…)',
      ]);
    });
    await withCache(async ({ options }) => {
      expect(await failure(planKernels(['debian:6.1'], options))).toMatch(/^InfraError: MIRROR\/dists\/\S+: .* after 3 tries/);
    });
  });

  it('is refused when an index is not what the Release file says', async () => {
    await withCache(async ({ options }) => {
      mirror.files.set('/debian/dists/trixie/main/binary-amd64/Packages.xz', Buffer.from('something else'));
      expect(await failure(planKernels(['debian:all'], options))).toMatch(/^InfraError: .*Packages.xz: the server has 14 bytes, expected/);
    });
  });
});

describe('a pull', () => {
  it('brings image, vmlinux and BTF into the cache, and needs neither network nor time afterwards', async () => {
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
      expect(await pullKernel(planned, options)).toEqual(image);
    });
  });

  it('takes the twin, then the next version, when the mirror lost a package, and says so', async () => {
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
              "linux-image-5.10.0-32-cloud-amd64 5.10.223-1: indexed, but gone from the mirror; linux-image-5.10.0-32-cloud-amd64-unsigned 5.10.223-1 is used",
            ],
          ],
          [
            "debian-6.12.94+deb13-cloud-amd64",
            "linux-image-6.12.94+deb13-cloud-amd64",
            [
              "linux-image-6.12.107+deb13-cloud-amd64 6.12.107-1, linux-image-6.12.107+deb12-cloud-amd64 6.12.107-1~deb12u1: indexed, but gone from the mirror; linux-image-6.12.94+deb13-cloud-amd64 6.12.94-1 is used",
            ],
          ],
        ]
      `);
      mirror.requests.length = 0;
      await pullKernel(await only('debian:6.12', options), options);
      expect(mirror.requests).toEqual([]);
    });
  });

  it('fails when the mirror has none of the packages it indexes', async () => {
    await withCache(async ({ options }) => {
      mirror.files.delete(pool(cloud('6.1.0-50'), '6.1.176-1'));
      expect(await failure(pullKernel(await only('debian:6.1', options), options))).toMatchInlineSnapshot(
        `"InfraError: debian:6.1: the mirror indexes linux-image-6.1.0-50-cloud-amd64 6.1.176-1, but has none of them"`,
      );
    });
  });

  it('fails when a package is not what the index says, and when it holds no kernel', async () => {
    await withCache(async ({ options }) => {
      const path = pool(cloud('6.1.0-50'), '6.1.176-1');
      const size = mirror.files.get(path)?.length ?? 0;
      mirror.files.set(path, Buffer.alloc(size, 'x'));
      expect(await failure(pullKernel(await only('debian:6.1', options), options))).toMatch(
        /its sha256 is \w{64}, expected \w{64}, also when fetched anew$/,
      );
    });
    mirror.close();
    mirror = await startMirror({
      bookworm: [{ name: cloud('6.1.0-50'), version: '6.1.176-1', deb: kernelDeb({ name: 'k', version: '1' }, []) }],
    });
    await withCache(async ({ options }) => {
      expect(await failure(pullKernel(await only('debian:6.1', options), options))).toBe(
        'InfraError: linux-image-6.1.0-50-cloud-amd64 6.1.176-1: the package holds no kernel image',
      );
    });
  });

  it('takes own packages and own images, also two that call themselves the same', async () => {
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
      expect(await pullKernel(planned[0] ?? (await only(`deb:${deb}`, options)), options)).toEqual(pulled[0]);
    });
  });

  it('makes anew what an older version of the program left in the cache', async () => {
    await withCache(async ({ options }) => {
      const planned = await only('debian:6.1', options);
      const image = await pullKernel(planned, options);
      const facts = join(options.cache, 'kernels', image.sha256, 'kernel.json');
      const before = await readFile(facts, 'utf8');
      await writeFile(facts, '{"format": 0}');
      expect(await pullKernel(planned, options)).toEqual(image);
      expect(await readFile(facts, 'utf8')).toBe(before);
    });
  });

  it('stops when aborted', async () => {
    await withCache(async ({ options }) => {
      const planned = await only('debian:6.1', options);
      const reason = new Error('stopped');
      await expect(pullKernel(planned, { ...options, signal: AbortSignal.abort(reason) })).rejects.toThrow('stopped');
    });
  });
});

describe('a lock file', () => {
  const locked = async (options: KernelOptions) => {
    const planned = await planKernels(['debian:6.12.94', 'debian:5.10'], options);
    const text = formatLock(planned.flatMap(({ source }) => (source.kind === 'debian' ? [source.candidates[0]] : [])));
    return { text, lock: parseLock(text, 'lock.json') };
  };

  it('holds paths and digests but no address, and answers selectors without the indexes', async () => {
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
        'UserError: debian:6.1: lock.json pins no such kernel, and it is frozen',
      );
    });
  });

  it('is answered with the nearest newer package of the series when the pinned one is gone, unless frozen', async () => {
    await withCache(async ({ options }) => {
      const { lock } = await locked(options);
      mirror.files.delete(pool(cloud('6.12.94+deb13'), '6.12.94-1'));
      const planned = await only('debian:6.12', { ...options, lock });
      expect(await failure(pullKernel(planned, { ...options, lock, frozen: true }))).toMatchInlineSnapshot(
        `"InfraError: linux-image-6.12.94+deb13-cloud-amd64 6.12.94-1 is pinned, but the mirror does not have it any more; without frozen, the nearest of its series is taken"`,
      );
      const { id, version, notes } = await pullKernel(planned, { ...options, lock });
      expect({ id, version, notes }).toMatchInlineSnapshot(`
        {
          "id": "debian-6.12.107+deb13-cloud-amd64",
          "notes": [
            "linux-image-6.12.94+deb13-cloud-amd64 6.12.94-1: pinned, but gone from the mirror; linux-image-6.12.107+deb13-cloud-amd64 6.12.107-1 is used",
          ],
          "version": "6.12.107",
        }
      `);
    });
  });

  it('is refused with the place and the cause when it is damaged', () => {
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
      JSON.stringify({ lockVersion: 1, debian: [{ ...pin, name: 'bash' }] }),
    ];
    const failures = texts.map((text) => {
      try {
        return parseLock(text, 'lock.json');
      } catch (error) {
        return String(error);
      }
    });
    expect(failures).toMatchInlineSnapshot(`
      [
        "UserError: lock.json: not JSON: Expected property name or '}' in JSON at position 1",
        "UserError: lock.json: top level: Invalid input: expected object, received array",
        "UserError: lock.json: lockVersion: Invalid input: expected 1",
        "UserError: lock.json: debian.0.path: expected a path such as pool/main/l/linux/NAME.deb",
        "UserError: lock.json: debian.0.sha256: expected a sha256 in hexadecimal",
        "UserError: lock.json: bash 6.1.176-1 is not a Debian kernel package",
      ]
    `);
  });
});
