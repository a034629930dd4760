// Tests of reading rpm packages: those of rpmbuild with every compression, compared with rpm and cpio, and hostile ones.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { readAtOf } from '../../../kernels/archive/read-at.ts';
import { readRpm } from '../../../kernels/archive/rpm-header.ts';
import { checkPayload, rpmArchive, rpmFacts } from '../../../kernels/archive/rpm.ts';
import { withFolder } from '../fixtures.ts';
import { builtRpm } from '../rpmbuild.ts';
import { cpioArchive, rpmPackage } from '../rpm-packages.ts';

const isKernel = (path: string) => path.startsWith('lib/modules/1/vmlinuz');
const said = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : error);

async function extract(folder: string, rpm: string, maxBytes = 1 << 20): Promise<unknown> {
  const target = join(folder, 'out');
  try {
    const found = await rpmArchive(rpm).extractFirst({ wanted: isKernel, maxBytes, label: basename(rpm) }, target);
    return [found, await readFile(target, 'utf8')];
  } catch (error) {
    return said(error);
  }
}

const kernel = { path: '/lib/modules/1/vmlinuz', content: Buffer.from('a kernel') };
const LINK = 0o120_777;

describe('an rpm package', () => {
  it.each(['w9.gzdio', 'w2.xzdio', 'w9.lzdio', 'w9.bzdio', 'w3.zstdio', 'w.ufdio'])(
    'the list and the files of a package that rpmbuild compressed as %s are those that rpm and cpio give',
    async (payload) => {
      await withFolder(async (folder) => {
        const files = { 'lib/modules/1/vmlinuz': 'a kernel', 'lib/modules/1/config': 'CONFIG_BPF=y\n', 'usr/share/k/empty': '' };
        const rpm = await builtRpm(folder, {
          name: 'kernel-core',
          files,
          ghosts: ['boot/vmlinuz-1'],
          links: { 'boot/vmlinuz': 'vmlinuz-1' },
          payload,
        });
        const facts = await rpmFacts(rpm, 'k');
        const { stdout } = await execa('rpm', ['-qp', '--queryformat', '[%{FILENAMES} %{FILESIZES} %{FILEFLAGS}\n]', rpm]);
        const listed = facts.files.map(({ path, size }) => `/${path} ${size}`);
        expect(listed).toEqual(stdout.split('\n').map((line) => line.replace(/ \d+$/, '')));
        expect(facts.files.flatMap(({ path, isContent }) => (isContent ? [path] : []))).toEqual([
          'lib/modules/1/config',
          'lib/modules/1/vmlinuz',
        ]);
        await checkPayload(rpm, facts, 'k');
        const { stdout: unpacked } = await execa('sh', ['-c', `rpm2cpio ${rpm} | cpio --quiet --to-stdout -i './lib/*'`]);
        const targets: string[] = [];
        await rpmArchive(rpm).extractAll({ wanted: (path) => path.startsWith('lib/'), maxBytes: 100, label: 'k' }, (path) => {
          targets.push(join(folder, basename(path)));
          return join(folder, basename(path));
        });
        const texts = await Promise.all(targets.map(async (path) => readFile(path, 'utf8')));
        expect(texts.join('').trimEnd()).toBe(unpacked);
      });
    },
  );

  it('links, ghosts and empty files never stand for the wanted file of a package', async () => {
    await withFolder(async (folder, write) => {
      const link = { path: '/lib/modules/1/vmlinuz-link', content: Buffer.from('vmlinuz'), mode: LINK };
      const empty = { path: '/lib/modules/1/vmlinuz-empty' };
      const rpm = await write(
        'k.rpm',
        rpmPackage('k', [link, empty, { ...kernel, path: '/lib/modules/1/vmlinuz-ghost', isGhost: true }, kernel]),
      );
      expect(await extract(folder, rpm)).toEqual(['lib/modules/1/vmlinuz', 'a kernel']);
    });
  });

  it('an rpm package with hostile paths or devices is refused and writes nothing outside', async () => {
    await withFolder(async (folder, write) => {
      const escape = { path: '/../../escaped', content: Buffer.from('escaped') };
      expect(await extract(folder, await write('in/side/k.rpm', rpmPackage('k', [escape, kernel])))).toBe(
        'InfraError: k.rpm: the name of a member leaves the package: ./../../escaped',
      );
      expect((await readdir(folder)).toSorted()).toEqual(['in', 'out']);
    });
    await withFolder(async (folder, write) => {
      const device = { path: '/dev/mem', mode: 0o020_600 };
      expect(await extract(folder, await write('k.rpm', rpmPackage('k', [device, kernel])))).toBe(
        'InfraError: k.rpm: ./dev/mem is a character device; expected only files, folders and links in a package',
      );
    });
  });

  it('an rpm package that is damaged, cut off or too large is refused with the reason', async () => {
    const good = rpmPackage('k', [kernel]);
    const payloadAt = good.length - cpioArchive([{ ...kernel, path: `.${kernel.path}` }]).length;
    const changed = (at: number, bytes: readonly number[]) => {
      const copy = Buffer.from(good);
      copy.set(bytes, at);
      return copy;
    };
    const packages: readonly [string, Buffer, number?][] = [
      ['empty', Buffer.alloc(0)],
      ['a Debian package', Buffer.from('!<arch>\ndebian-binary   ')],
      ['a source package', rpmPackage('k', [kernel], { isSource: true })],
      ['cut off in its lead', good.subarray(0, 50)],
      ['cut off in its header', good.subarray(0, payloadAt - 10)],
      ['cut off before its payload', good.subarray(0, payloadAt)],
      ['cut off in its payload', good.subarray(0, payloadAt + 120)],
      ['another magic of its signature', changed(96, [0])],
      ['too many entries', changed(104, [0xff])],
      ['another name than was signed', changed(good.indexOf('6.9.1'), [0x37])],
      ['a name that is a command of a terminal', rpmPackage('\u001b[2J', [kernel])],
      ['another magic of a member', changed(payloadAt, Buffer.from('070709').toJSON().data)],
      ['an unknown compression', rpmPackage('k', [kernel], { compress: () => Buffer.from('neither') })],
      ['a payload cut off by gzip', rpmPackage('k', [kernel], { compress: (payload) => gzipSync(payload).subarray(0, 60) })],
      ['too large', good, 5],
    ];
    const found: unknown[] = [];
    for (const [name, bytes, maxBytes] of packages) {
      await withFolder(async (folder, write) => {
        found.push(`${name}: ${JSON.stringify(await extract(folder, await write('k.rpm', bytes), maxBytes))}`);
      });
    }
    expect(found).toMatchInlineSnapshot(`
      [
        "empty: "InfraError: k.rpm: not an rpm package: it has no lead of an rpm package"",
        "a Debian package: "InfraError: k.rpm: not an rpm package: it has no lead of an rpm package"",
        "a source package: "InfraError: k.rpm: not an rpm package: it is a source package"",
        "cut off in its lead: "InfraError: k.rpm: not an rpm package: it is cut off"",
        "cut off in its header: "InfraError: k.rpm: not an rpm package: it is cut off"",
        "cut off before its payload: "InfraError: k.rpm: not an rpm package: it has no payload"",
        "cut off in its payload: "InfraError: k.rpm: damaged cpio archive: it is cut off"",
        "another magic of its signature: "InfraError: k.rpm: not an rpm package: its signature has no header magic"",
        "too many entries: "InfraError: k.rpm: not an rpm package: its signature is too large: 4278190081 entries and 65 bytes"",
        "another name than was signed: "InfraError: k.rpm: not an rpm package: its header differs from the sha256 in its signature"",
        "a name that is a command of a terminal: "InfraError: k.rpm: not an rpm package: its header has no valid name"",
        "another magic of a member: "InfraError: k.rpm: damaged cpio archive: a member has no header of the format newc"",
        "an unknown compression: "InfraError: k.rpm: the compression of its payload is unknown"",
        "a payload cut off by gzip: "InfraError: k.rpm: damaged gzip data: unexpected end of file"",
        "too large: "InfraError: k.rpm: lib/modules/1/vmlinuz is larger than 5 bytes"",
      ]
    `);
  });

  it('a payload that differs from the digest in the header is refused, and one without a digest is read', async () => {
    await withFolder(async (folder, write) => {
      const check = async (name: string, bytes: Buffer) => {
        const path = await write(name, bytes);
        return checkPayload(path, await rpmFacts(path, name), name).then(() => 'as in the header', said);
      };
      expect([
        await check('good.rpm', rpmPackage('k', [kernel])),
        await check('other.rpm', rpmPackage('k', [kernel], { payloadSha256: 'ab'.repeat(32) })),
        await check('none.rpm', rpmPackage('k', [kernel], { payloadSha256: null, headerSha256: null })),
      ]).toEqual([
        'as in the header',
        'InfraError: other.rpm: damaged rpm package: its payload differs from the sha256 in its header',
        'as in the header',
      ]);
      expect(await readdir(folder)).toHaveLength(3);
    });
  });

  it('a list of files with impossible indexes or counts is damaged', async () => {
    const good = rpmPackage('k', [kernel], { headerSha256: null });
    const entryOf = (tag: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(tag);
      return good.indexOf(bytes, 112);
    };
    const read = async (tag: number, field: number, value: number) => {
      const copy = Buffer.from(good);
      copy.writeUInt32BE(value, entryOf(tag) + field * 4);
      const reading = await readRpm(readAtOf(copy), copy.length);
      return reading.kind === 'bad' ? reading.reason : reading.facts.name;
    };
    expect([
      await read(1116, 3, 0xffff_ffff),
      await read(1116, 2, 0xffff_ff00),
      await read(1117, 3, 2),
      await read(1118, 3, 0),
      await read(1117, 1, 4),
      await read(1028, 1, 8),
      await read(1000, 2, 0x00ff_ffff),
    ]).toMatchInlineSnapshot(`
      [
        "tag 1116 of its header is damaged",
        "tag 1116 of its header is damaged",
        "the list of its files is damaged",
        "the list of its files is damaged",
        "tag 1117 of its header is damaged",
        "tag 1028 of its header is damaged",
        "tag 1000 of its header is damaged",
      ]
    `);
  });
});
