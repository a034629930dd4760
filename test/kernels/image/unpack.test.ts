// Tests of kernel images of every form and compression, and of damaged ones.
import { execa } from 'execa';
import * as fc from 'fast-check';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inspectImage } from '../../../kernels/image/inspect.ts';
import { readAtOf } from '../../../kernels/archive/read-at.ts';
import { unpackKernel } from '../../../kernels/image/unpack.ts';
import { btfBlob, bzImage, elfImage, flatImage, sha256, withFolder } from '../fixtures.ts';
import { fuzzRuns } from '../../fuzz/runs.ts';

const inspect = async (bytes: Buffer) => inspectImage(readAtOf(bytes), bytes.length);

async function unpack(image: Buffer): Promise<unknown> {
  return withFolder(async (folder, write) => {
    const source = await write('source', image);
    const target = join(folder, 'target');
    await mkdir(target);
    try {
      const facts = await unpackKernel(source, sha256(image), target, 'image');
      const files = await readdir(target);
      const content = await Promise.all(files.map(async (name) => [name, sha256(await readFile(join(target, name)))]));
      return { facts, files: Object.fromEntries(content.filter(([name]) => name !== 'kernel.json')) };
    } catch (error) {
      return String(error).replaceAll(folder, '');
    }
  });
}

const BTF = { size: 70_000, sha256: sha256(btfBlob()) };

async function compressed(program: string, args: string[], input: Buffer): Promise<Buffer> {
  return Buffer.from((await execa(program, args, { input, encoding: 'buffer', stripFinalNewline: false })).stdout);
}

describe('a file made to be searched for hours', () => {
  it('a search for the banner of a kernel stops after some thousand candidates, so that a hostile file cannot delay it for hours', async () => {
    const places = Buffer.from('Linux version '.repeat(1_000_000));
    const banner = Buffer.from('Linux version 6.9.1-test (me@here) #1 SMP\0');
    expect(await inspect(Buffer.concat([elfImage({ btf: null, banner: '' }), places, banner]))).toEqual({
      kind: 'bad',
      reason: 'it contains no Linux version',
    });
  });
});

describe('a kernel image', () => {
  it.each([
    ['gzip', 'gzip', ['-c']],
    ['xz', 'xz', ['-c', '--check=crc32']],
    ['zstd', 'zstd', ['-c', '-q']],
    ['lz4 (legacy frame)', 'lz4', ['-c', '-l', '-q']],
    ['bzip2', 'bzip2', ['-c']],
    ['lzma', 'xz', ['-c', '--format=lzma']],
  ] as const)('a kernel image packed with %s is unpacked to the same vmlinux and BTF', async (name, program, args) => {
    const vmlinux = elfImage();
    const image = bzImage({ payload: await compressed(program, [...args], vmlinux), appended: name === 'gzip' ? null : vmlinux.length });
    expect(await unpack(image)).toEqual({
      facts: {
        format: 1,
        sha256: sha256(image),
        arch: 'x86_64',
        release: '6.9.1-test',
        version: '6.9.1',
        vmlinux: true,
        image: true,
        btf: BTF,
      },
      files: { btf: BTF.sha256, image: sha256(image), vmlinux: sha256(vmlinux) },
    });
  });

  it('a kernel image can be a vmlinux or a flat arm64 Image, with or without BTF', async () => {
    const vmlinux = elfImage();
    const image = flatImage();
    expect(await unpack(vmlinux)).toMatchObject({
      facts: { arch: 'x86_64', vmlinux: true, image: false, btf: BTF },
      files: { vmlinux: sha256(vmlinux) },
    });
    expect(await unpack(image)).toMatchObject({
      facts: { arch: 'arm64', release: '6.9.1-arm64', vmlinux: false, image: true, btf: BTF },
      files: { image: sha256(image), btf: BTF.sha256 },
    });
    expect(await unpack(elfImage({ btf: null }))).toMatchObject({ facts: { btf: null } });
    expect(await unpack(flatImage(null))).toMatchObject({ facts: { btf: null } });
  });

  it('a kernel image of Debian has the upstream version in its banner', async () => {
    const banner = '5.10.0-46-cloud-amd64 (maker@debian) #1 SMP Debian 5.10.262-1 (2026-07-31)';
    expect(await inspect(bzImage({ banner }))).toMatchObject({ kind: 'kernel', release: '5.10.0-46-cloud-amd64', version: '5.10.262' });
    expect(await inspect(elfImage({ banner: `Linux version ${banner}` }))).toMatchObject({
      release: '5.10.0-46-cloud-amd64',
      version: '5.10.262',
    });
  });

  it('a file that is not a kernel image is refused with a clear error', async () => {
    const old = bzImage();
    old.writeUInt16LE(0x207, 0x206);
    const images: Record<string, Buffer> = {
      empty: Buffer.alloc(0),
      text: Buffer.from('hello\n'),
      compressed: gzipSync(flatImage()),
      'of another machine': elfImage({ machine: 8 }),
      'without a banner': bzImage({ banner: '' }),
      'vmlinux without a banner': elfImage({ banner: 'nothing' }),
      'with an old boot protocol': old,
      'cut off': bzImage().subarray(0, 1100),
      'vmlinux cut off': elfImage().subarray(0, 1000),
    };
    const reasons = await Promise.all(Object.entries(images).map(async ([name, image]) => [name, await inspect(image)] as const));
    expect(reasons.map(([name, outcome]) => `${name}: ${outcome.kind === 'bad' ? outcome.reason : outcome.kind}`)).toMatchInlineSnapshot(`
      [
        "empty: the file is empty",
        "text: expected a bzImage, an ELF vmlinux or an arm64 Image",
        "compressed: it is gzip data; unpack it first",
        "of another machine: its machine (ELF number 8) is neither x86-64 nor arm64",
        "without a banner: it contains no Linux version",
        "vmlinux without a banner: it contains no Linux version",
        "with an old boot protocol: its boot protocol is older than 2.08",
        "cut off: the image is cut off",
        "vmlinux cut off: its section table is damaged",
      ]
    `);
  });

  it('a kernel image with damaged contents is refused with a clear error', async () => {
    const vmlinux = elfImage();
    const zstd = await compressed('zstd', ['-c', '-q'], vmlinux);
    const damaged = Buffer.from(zstd);
    damaged.fill(0xff, 8, 40);
    const noBtf = elfImage({ btf: Buffer.alloc(100, 'x') });
    expect([
      await unpack(bzImage({ payload: Buffer.alloc(64, 'x') })),
      await unpack(bzImage({ payload: zstd, appended: vmlinux.length + 1 })),
      String(await unpack(bzImage({ payload: damaged, appended: vmlinux.length }))).replace(/it: .*/, 'it: …'),
      await unpack(bzImage({ payload: gzipSync(vmlinux).subarray(0, 100) })),
      await unpack(bzImage({ payload: gzipSync(Buffer.from('no vmlinux')) })),
      await unpack(noBtf),
    ]).toMatchInlineSnapshot(`
      [
        "InfraError: image: the compression of its vmlinux is unknown",
        "InfraError: image: its vmlinux has 70314 bytes, expected 70315",
        "InfraError: image: zstd cannot decompress it: …",
        "InfraError: image: damaged gzip data: unexpected end of file",
        "InfraError: image: its vmlinux is damaged: not an ELF file",
        "InfraError: image: its BTF is damaged",
      ]
    `);
  });

  it('arbitrary bytes are recognised as a kernel image or refused', async () => {
    const images = [bzImage(), elfImage({ btf: btfBlob(100) }), flatImage(btfBlob(100))];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...images),
        fc.array(fc.tuple(fc.nat(1200), fc.nat(255)), { maxLength: 6 }),
        fc.nat(5000),
        async (image, changes, length) => {
          const bytes = Buffer.from(image);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          expect(['kernel', 'bad']).toContain((await inspect(bytes.subarray(0, length))).kind);
        },
      ),
      { numRuns: fuzzRuns(200) },
    );
  });
});
