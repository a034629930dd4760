// Tests of decompression without programs, against what the programs xz, zstd, lz4 and gzip compress.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { afterEach, expect, it, vi } from 'vitest';
import { type InProcess, unpackInProcess } from '../../../kernels/archive/in-process.ts';
import { unpackXzFiles } from '../../../kernels/archive/xz-files.ts';

/** How each program compresses for packages, modules and kernels. */
const WAYS: readonly [InProcess, readonly string[]][] = [
  ['gzip', ['gzip', '-c9']],
  ['xz', ['xz', '-c']],
  ['xz', ['xz', '-c', '-T2', '--block-size=1MiB', '--check=crc32']],
  ['zstd', ['zstd', '-cq']],
  ['zstd', ['zstd', '-cq', '-9', '--long=27']],
  ['lz4', ['lz4', '-clq']],
  ['lz4', ['lz4', '-clq9']],
];

async function compressed([program = '', ...options]: readonly string[], input: Buffer): Promise<Buffer> {
  return Buffer.from((await execa(program, options, { input, encoding: 'buffer' })).stdout);
}

/** Bytes in chunks of a size, as a file or a socket gives them. */
function chunksOf(bytes: Buffer, length: number): Readable {
  return Readable.from(Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) => bytes.subarray(at * length, (at + 1) * length)));
}

async function unpacked(format: InProcess, bytes: Buffer, chunk = 64 << 10): Promise<Buffer> {
  return unpackInProcess(format, { input: chunksOf(bytes, chunk), size: bytes.length }, 'it', async (plain) => {
    const taken: Uint8Array[] = [];
    for await (const part of plain) taken.push(part);
    return Buffer.concat(taken);
  });
}

/** Text of a program, random bytes, long runs, and short distances between repetitions. */
const node = await readFile(process.execPath);
const mixed = Buffer.concat([node.subarray(0, 700_000), randomBytes(200_000), Buffer.alloc(1_000_000, 'ab'), Buffer.alloc(70_000)]);

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each(WAYS)('%s is decompressed in the process to what %j compressed, in chunks of any size', async (format, command) => {
  for (const [bytes, chunk] of [
    [mixed, 64 << 10],
    [mixed.subarray(0, 5000), 1],
    [Buffer.from('x'), 7],
  ] as const) {
    const same = (await unpacked(format, await compressed(command, bytes), chunk)).equals(bytes);
    expect([bytes.length, chunk, same]).toEqual([bytes.length, chunk, true]);
  }
});

it('a frame of LZ4 with more than one block is decompressed in the process', async () => {
  const bytes = node.subarray(0, 9_000_000);
  expect((await unpacked('lz4', await compressed(['lz4', '-clq'], bytes))).equals(bytes)).toBe(true);
});

it.each([['--x86'], ['--check=sha256']])('xz with %s, which only the program can decompress, names the program', async (option) => {
  const packed = await compressed(['xz', '-c', option, '--lzma2=dict=1MiB'], mixed);
  await expect(unpacked('xz', packed)).rejects.toThrow(
    /^it: the program xz is needed for its filter or checksum: install the package xz-utils$/,
  );
});

it.each(WAYS)('two streams of %s behind each other are decompressed to both texts', async (format, command) => {
  const packed = await Promise.all(['one ', 'two'].map(async (text) => compressed(command, Buffer.from(text))));
  expect((await unpacked(format, Buffer.concat(packed))).toString()).toBe('one two');
});

it('data that ends early or is something else is an error that names it', async () => {
  const said: Record<string, string[]> = {};
  for (const [format, command] of WAYS.filter(([, [, ...options]]) => options.length === 1)) {
    const packed = await compressed(command, mixed.subarray(0, 100_000));
    const faulty = [
      packed.subarray(0, -1),
      packed.subarray(0, 5000),
      packed.subarray(0, 3),
      Buffer.alloc(5000, 'no archive'),
      Buffer.alloc(0),
    ];
    said[command.join(' ')] = await Promise.all(
      faulty.map(async (bytes) =>
        unpacked(format, bytes).then(
          (plain) => `${plain.length} bytes`,
          (error: unknown) => String(error),
        ),
      ),
    );
  }
  expect(said).toMatchInlineSnapshot(`
    {
      "gzip -c9": [
        "InfraError: it: damaged gzip data: unexpected end of file",
        "InfraError: it: damaged gzip data: unexpected end of file",
        "InfraError: it: damaged gzip data: unexpected end of file",
        "InfraError: it: damaged gzip data: incorrect header check",
        "InfraError: it: damaged gzip data: unexpected end of file",
      ],
      "lz4 -clq": [
        "InfraError: it: damaged lz4 data: unexpected end of data",
        "InfraError: it: damaged lz4 data: unexpected end of data",
        "InfraError: it: damaged lz4 data: unexpected end of data",
        "InfraError: it: damaged lz4 data: it does not begin as a legacy frame",
        "InfraError: it: damaged lz4 data: it does not begin as a legacy frame",
      ],
      "lz4 -clq9": [
        "InfraError: it: damaged lz4 data: unexpected end of data",
        "InfraError: it: damaged lz4 data: unexpected end of data",
        "InfraError: it: damaged lz4 data: unexpected end of data",
        "InfraError: it: damaged lz4 data: it does not begin as a legacy frame",
        "InfraError: it: damaged lz4 data: it does not begin as a legacy frame",
      ],
      "xz -c": [
        "InfraError: it: damaged xz data: unexpected end of data",
        "InfraError: it: damaged xz data: unexpected end of data",
        "InfraError: it: damaged xz data: unexpected end of data",
        "InfraError: it: damaged xz data: it is not xz",
        "InfraError: it: damaged xz data: unexpected end of data",
      ],
      "zstd -cq": [
        "InfraError: it: damaged zstd data: unexpected EOF",
        "InfraError: it: damaged zstd data: unexpected EOF",
        "InfraError: it: damaged zstd data: unexpected EOF",
        "InfraError: it: damaged zstd data: invalid zstd data",
        "InfraError: it: damaged zstd data: unexpected end of data",
      ],
    }
  `);
});

it('damaged data ends in bytes or in an error that names it, and never blocks what comes after it', async () => {
  for (const [format, command] of WAYS) {
    const packed = await compressed(command, mixed.subarray(0, 20_000));
    for (let at = 0; at < packed.length; at += Math.ceil(packed.length / 40)) {
      const damaged = Buffer.from(packed);
      damaged[at] = (damaged[at] ?? 0) ^ 0x55;
      const outcome = await unpacked(format, damaged).then(
        () => 'bytes',
        (error: unknown) => String(error),
      );
      expect(outcome).toMatch(new RegExp(`^(bytes$|InfraError: it: (damaged ${format} data: |its \\d+ bytes unpack))`));
    }
  }
  expect(await unpacked('xz', await compressed(['xz', '-c'], Buffer.from('after')))).toEqual(Buffer.from('after'));
});

it('an error of the source stays what it is, and one of the consumer too', async () => {
  for (const [format, command] of WAYS) {
    const packed = await compressed(command, mixed.subarray(0, 1_000_000));
    const input = Readable.from(
      (async function* () {
        yield packed.subarray(0, 1000);
        throw new Error('the disk is gone');
      })(),
    );
    const gone = unpackInProcess(format, { input, size: 1000 }, 'it', async (plain) => plain.toArray());
    await expect(gone).rejects.toThrow(/^the disk is gone$/);
    const unwilling = unpackInProcess(format, { input: chunksOf(packed, 4096), size: packed.length }, 'it', async () => {
      throw new Error('enough');
    });
    await expect(unwilling).rejects.toThrow(/^enough$/);
  }
});

it('a consumer that stops early gets what it read, also when many decompress at a time', async () => {
  const packed = await compressed(['xz', '-c'], mixed);
  const first = async () =>
    unpackInProcess('xz', { input: chunksOf(packed, 4096), size: packed.length }, 'it', async (plain) => {
      for await (const chunk of plain) return Buffer.from(chunk).subarray(1, 4).toString();
      return '';
    });
  expect(await Promise.all([first(), first(), first(), first()])).toEqual(['ELF', 'ELF', 'ELF', 'ELF']);
});

it.each<[InProcess, readonly string[]]>([
  ['xz', ['xz', '-c0']],
  ['zstd', ['zstd', '-cq']],
])('%s of a few bytes that unpacks to very many is refused, in little memory', async (format, command) => {
  const zeros = Readable.from(
    (function* () {
      for (let mebibytes = 0; mebibytes < 400; mebibytes++) yield Buffer.alloc(1 << 20);
    })(),
  );
  const [program = '', ...options] = command;
  const { stdout } = await execa(program, options, { input: zeros, encoding: 'buffer' });
  const bytes = Buffer.from(stdout);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const counted = unpackInProcess(format, { input: chunksOf(bytes, 64 << 10), size: bytes.length }, 'it', async (plain) => {
    for await (const chunk of plain) most = Math.max(most, process.memoryUsage().arrayBuffers - before + chunk.length);
  });
  await expect(counted).rejects.toThrow(/^it: its \d+ bytes unpack to more than \d+ bytes, which is the limit$/);
  expect(most).toBeLessThan(200 << 20);
});

it('files of xz are decompressed in their order, with and without the program, up to the limit for all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xz-files-'));
  try {
    const texts = ['first', '', 'third '.repeat(10_000)];
    const paths = texts.map((_, at) => join(folder, `${at}.xz`));
    for (const [at, text] of texts.entries()) await writeFile(paths[at] ?? '', await compressed(['xz', '-c'], Buffer.from(text)));
    const read = async () => (await unpackXzFiles(paths, 100_000)).map(String);
    const refused = async () => unpackXzFiles(paths, 1000).catch((error: unknown) => String(error).replace(folder, 'FOLDER'));
    expect([await read(), await refused()]).toEqual([
      texts,
      'InfraError: FOLDER/0.xz and others cannot be decompressed: 60005 bytes are too many',
    ]);
    vi.stubEnv('PATH', '/nowhere');
    expect([await read(), await refused()]).toEqual([
      texts,
      expect.stringMatching(/^InfraError: FOLDER\/0\.xz and others cannot be decompressed: \d+ bytes are too many$/),
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
