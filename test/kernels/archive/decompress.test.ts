// Tests of decompression: whole streams, early stops and errors.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compressionOf } from '../../../kernels/archive/compression.ts';
import { decompress } from '../../../kernels/archive/decompress.ts';

const plain = Buffer.alloc(5_000_000, 'kernels ');

const packedOf = (bytes: Buffer) => ({ input: Readable.from([bytes]), size: bytes.length });

async function read(output: Readable): Promise<number> {
  let size = 0;
  for await (const chunk of output) size += chunk.length;
  return size;
}

async function readSome(output: Readable): Promise<string> {
  for await (const chunk of output) return Buffer.from(chunk).toString('latin1', 0, 7);
  return '';
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('decompression', () => {
  it.each(['xz', 'gzip'] as const)('decompression of %s gives everything, or stops early if the consumer does', async (format) => {
    const { stdout } = await execa(format, ['-c'], { input: plain, encoding: 'buffer' });
    const packed = Buffer.from(stdout);
    expect(compressionOf(packed)).toBe(format);
    expect(await decompress(format, packedOf(packed), 'it', read)).toBe(plain.length);
    expect(await decompress(format, packedOf(packed), 'it', readSome)).toBe('kernels');
  });

  // The program waits with much data until the consumer reads it; with little data it ends before.
  it.each([
    ['xz', plain.length],
    ['gzip', plain.length],
    ['xz', 5000],
    ['gzip', 5000],
  ] as const)('decompression of %s loses none of %i bytes before the consumer starts', async (format, size) => {
    const { stdout } = await execa(format, ['-c'], { input: plain.subarray(0, size), encoding: 'buffer' });
    const late = async (output: Readable): Promise<number> => {
      await setTimeout(100);
      return read(output);
    };
    expect(await decompress(format, packedOf(Buffer.from(stdout)), 'it', late)).toBe(size);
  });

  it.each(['xz', 'gzip'] as const)('decompression of damaged %s ends with an error that names the data', async (format) => {
    const { stdout } = await execa(format, ['-c'], { input: plain, encoding: 'buffer' });
    const cut = Buffer.from(stdout).subarray(0, -20);
    await expect(decompress(format, packedOf(cut), 'my file', read)).rejects.toThrow(/^my file: .*unexpected end/i);
  });

  it.each(['xz', 'gzip'] as const)('decompression of damaged %s ends with an error also when the consumer starts late', async (format) => {
    const { stdout } = await execa(format, ['-c'], { input: plain.subarray(0, 5000), encoding: 'buffer' });
    const cut = Buffer.from(stdout).subarray(0, -6);
    const late = async (output: Readable): Promise<number> => {
      await setTimeout(100);
      return read(output);
    };
    await expect(decompress(format, packedOf(cut), 'my file', late)).rejects.toThrow(/^my file: .*unexpected end/i);
  });

  it('decompression passes on errors of the source and of the consumer', async () => {
    const missing = decompress('xz', { input: createReadStream('/does/not/exist'), size: 0 }, 'it', read);
    await expect(missing).rejects.toThrow('ENOENT');
    const { stdout } = await execa('xz', ['-c'], { input: plain, encoding: 'buffer' });
    const unwilling = decompress('xz', packedOf(Buffer.from(stdout)), 'it', async () => Promise.reject(new Error('enough')));
    await expect(unwilling).rejects.toThrow('enough');
  });

  it('decompression without its program is done in the process, and where that cannot, the program and its package are named', async () => {
    const packed = await Promise.all(
      [['xz', '-c'] as const, ['zstd', '-cq'] as const, ['lz4', '-clq'] as const].map(async ([program, options]) => {
        const { stdout } = await execa(program, [options], { input: plain, encoding: 'buffer' });
        return { format: program, bytes: Buffer.from(stdout) };
      }),
    );
    vi.stubEnv('PATH', '/nowhere');
    const sizes = [];
    for (const { format, bytes } of packed) sizes.push(await decompress(format, packedOf(bytes), 'it', read));
    expect(sizes).toEqual([plain.length, plain.length, plain.length]);
    await expect(decompress('bzip2', packedOf(Buffer.from('x')), 'it', read)).rejects.toThrow(
      'the program bzip2 is needed: install the package bzip2',
    );
  });
});
