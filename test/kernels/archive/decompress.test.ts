// Decompression stops early without trouble, and says what is wrong when it is.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { compressionOf, decompress } from '../../../kernels/archive/decompress.ts';

const plain = Buffer.alloc(5_000_000, 'kernels ');

async function read(output: Readable): Promise<number> {
  let size = 0;
  for await (const chunk of output) size += chunk.length;
  return size;
}

async function readSome(output: Readable): Promise<string> {
  for await (const chunk of output) return Buffer.from(chunk).toString('latin1', 0, 7);
  return '';
}

describe('decompression', () => {
  it.each(['xz', 'gzip'] as const)('of %s gives everything, or as much as is wanted', async (format) => {
    const { stdout } = await execa(format, ['-c'], { input: plain, encoding: 'buffer' });
    const packed = Buffer.from(stdout);
    expect(compressionOf(packed)).toBe(format);
    expect(await decompress(format, Readable.from([packed]), 'it', read)).toBe(plain.length);
    expect(await decompress(format, Readable.from([packed]), 'it', readSome)).toBe('kernels');
  });

  // Of much data the program waits until it is read; of little it has long ended.
  it.each([
    ['xz', plain.length],
    ['gzip', plain.length],
    ['xz', 5000],
    ['gzip', 5000],
  ] as const)('of %s loses nothing of %i bytes while a consumer makes itself ready', async (format, size) => {
    const { stdout } = await execa(format, ['-c'], { input: plain.subarray(0, size), encoding: 'buffer' });
    const late = async (output: Readable): Promise<number> => {
      await setTimeout(100);
      return read(output);
    };
    expect(await decompress(format, Readable.from([Buffer.from(stdout)]), 'it', late)).toBe(size);
  });

  it.each(['xz', 'gzip'] as const)('of damaged %s ends with an error that names the data', async (format) => {
    const { stdout } = await execa(format, ['-c'], { input: plain, encoding: 'buffer' });
    const cut = Buffer.from(stdout).subarray(0, -20);
    await expect(decompress(format, Readable.from([cut]), 'my file', read)).rejects.toThrow(/^my file: .*unexpected end/i);
  });

  it.each(['xz', 'gzip'] as const)('of damaged %s ends with that error, too, when the consumer begins late', async (format) => {
    const { stdout } = await execa(format, ['-c'], { input: plain.subarray(0, 5000), encoding: 'buffer' });
    const cut = Buffer.from(stdout).subarray(0, -6);
    const late = async (output: Readable): Promise<number> => {
      await setTimeout(100);
      return read(output);
    };
    await expect(decompress(format, Readable.from([cut]), 'my file', late)).rejects.toThrow(/^my file: .*unexpected end/i);
  });

  it('decompression hands on an error of the reader, of the source, and of a consumer', async () => {
    const missing = decompress('xz', createReadStream('/does/not/exist'), 'it', read);
    await expect(missing).rejects.toThrow('ENOENT');
    const { stdout } = await execa('xz', ['-c'], { input: plain, encoding: 'buffer' });
    const unwilling = decompress('xz', Readable.from([Buffer.from(stdout)]), 'it', async () => Promise.reject(new Error('enough')));
    await expect(unwilling).rejects.toThrow('enough');
  });

  it('names the program and the package when the program is not there', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await expect(decompress('zstd', Readable.from([Buffer.from('x')]), 'it', read)).rejects.toThrow(
        'the program zstd is needed: install the package zstd',
      );
    } finally {
      process.env['PATH'] = path;
    }
  });
});
