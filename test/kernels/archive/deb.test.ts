// Tests of unpacking packages: from dpkg-deb with every compression, and hostile ones.
import { execa } from 'execa';
import * as fc from 'fast-check';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAr } from '../../../kernels/archive/ar.ts';
import { debArchive } from '../../../kernels/archive/deb.ts';
import { readAtOf } from '../../../kernels/archive/read-at.ts';
import { arArchive, kernelDeb, tarArchive, withFolder } from '../fixtures.ts';
import { fuzzRuns } from '../../fuzz/runs.ts';

const hasDpkgDeb = (await execa('dpkg-deb', ['--version'], { reject: false })).exitCode === 0;
const isKernel = (path: string) => path.startsWith('boot/vmlinuz-');

async function extract(folder: string, deb: string, maxBytes = 1 << 20): Promise<unknown> {
  const target = join(folder, 'out');
  try {
    const found = await debArchive(deb).extractFirst({ wanted: isKernel, maxBytes, label: basename(deb) }, target);
    return [found, await readFile(target, 'utf8')];
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message.replaceAll(folder, '')}` : error;
  }
}

const kernel = { path: './boot/vmlinuz-1', content: Buffer.from('a kernel') };

describe('a Debian package', () => {
  it.skipIf(!hasDpkgDeb).each(['xz', 'zstd', 'gzip', 'none'])(
    'the kernel and the control file of a package that dpkg-deb compressed with %s are unpacked',
    async (compression) => {
      await withFolder(async (folder) => {
        const tree = join(folder, 'tree');
        await mkdir(join(tree, 'DEBIAN'), { recursive: true });
        await mkdir(join(tree, 'boot'));
        await chmod(join(tree, 'DEBIAN'), 0o755);
        await writeFile(
          join(tree, 'DEBIAN/control'),
          'Package: k\nVersion: 1\nArchitecture: all\nMaintainer: me <me@here>\nDescription: k\n',
        );
        await writeFile(join(tree, 'boot/vmlinuz-1'), 'a kernel');
        await writeFile(join(tree, 'boot/zzz'), Buffer.alloc(3_000_000, 'module'));
        const deb = join(folder, 'k.deb');
        await execa('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', tree, deb]);
        expect(await extract(folder, deb)).toEqual(['./boot/vmlinuz-1', 'a kernel']);
        const control = await debArchive(deb, 'control').readFirst({ wanted: (path) => path === 'control', maxBytes: 10_000, label: 'k' });
        expect(control?.toString()).toContain('Package: k\n');
      });
    },
  );

  it('a Debian package without the wanted file gives null, and one where that file is a link is refused', async () => {
    await withFolder(async (folder, write) => {
      expect(await extract(folder, await write('none.deb', kernelDeb({ name: 'k', version: '1' }, [])))).toEqual([null, '']);
      await rm(join(folder, 'out'));
      const link = { path: './boot/vmlinuz-1', content: Buffer.alloc(0), type: 'SymbolicLink', linkpath: '/etc/passwd' } as const;
      const deb = await write('k.deb', kernelDeb({ name: 'k', version: '1' }, [link]));
      expect(await extract(folder, deb)).toBe('InfraError: k.deb: ./boot/vmlinuz-1 is a symbolic link; expected a file');
    });
  });

  it('a Debian package with hostile paths is refused and writes nothing outside', async () => {
    await withFolder(async (folder, write) => {
      const escape = { path: '../../escaped', content: Buffer.from('escaped') };
      const absolute = { path: '/boot/vmlinuz-2', content: Buffer.from('absolute') };
      const deb = await write('in/side/k.deb', kernelDeb({ name: 'k', version: '1' }, [escape, absolute, kernel]));
      expect(await extract(folder, deb)).toBe('InfraError: k.deb: the name of a member leaves the package: ../../escaped');
      expect((await readdir(folder)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['in', 'out']);
    });
  });

  it('a Debian package that is damaged, cut off or too large is refused with a clear error', async () => {
    await withFolder(async (folder, write) => {
      const good = kernelDeb({ name: 'k', version: '1' }, [kernel]);
      const start = [{ name: 'debian-binary', content: Buffer.from('2.0\n') }];
      const debs: [string, Buffer, number?][] = [
        ['empty', Buffer.alloc(0)],
        ['no archive', Buffer.from('not an archive at all')],
        ['cut off', good.subarray(0, good.length - 1000)],
        ['no data', arArchive(start)],
        ['odd compression', arArchive([...start, { name: 'data.tar.odd', content: Buffer.from('x') }])],
        ['damaged xz', arArchive([...start, { name: 'data.tar.xz', content: Buffer.from('not xz') }])],
        ['damaged gzip', arArchive([...start, { name: 'data.tar.gz', content: Buffer.from('not gzip') }])],
        ['damaged tar', arArchive([...start, { name: 'data.tar', content: Buffer.alloc(2048, 'x') }])],
        ['too large', good, 3],
      ];
      const outcomes: unknown[] = [];
      for (const [name, bytes, limit] of debs) {
        const deb = await write(`${name}.deb`, bytes);
        outcomes.push(await extract(await mkdir(join(folder, `to ${name}`)).then(() => join(folder, `to ${name}`)), deb, limit));
      }
      expect(outcomes.map((outcome) => String(outcome).replaceAll(folder, ''))).toMatchInlineSnapshot(`
        [
          "InfraError: empty.deb: not a Debian package: not an ar archive",
          "InfraError: no archive.deb: not a Debian package: not an ar archive",
          "InfraError: cut off.deb: not a Debian package: the archive is cut off",
          "InfraError: no data.deb: not a Debian package: it has no data.tar",
          "InfraError: odd compression.deb: the compression of data.tar.odd is unknown",
          "InfraError: damaged xz.deb: xz cannot decompress it: xz: (stdin): File format not recognized",
          "InfraError: damaged gzip.deb: damaged gzip data: incorrect header check",
          "InfraError: damaged tar.deb: damaged tar archive: TAR_ENTRY_INVALID: checksum failure",
          "InfraError: too large.deb: ./boot/vmlinuz-1 is larger than 3 bytes",
        ]
      `);
    });
  });

  it('arbitrary bytes are read as a Debian package or refused', async () => {
    const good = arArchive([
      { name: 'debian-binary', content: Buffer.from('2.0\n') },
      { name: 'data.tar', content: tarArchive([kernel]) },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), async (at, byte, length) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        const listing = await listAr(readAtOf(bytes.subarray(0, length)), length);
        expect(['members', 'bad']).toContain(listing.kind);
      }),
      { numRuns: fuzzRuns(200) },
    );
  });
});
