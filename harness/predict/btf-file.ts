// BTF out of a file: raw, a section of an ELF file, or packed as BTFHub packs it.
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Parser, type ReadEntry } from 'tar';
import { compressionOf, decompress } from '../../kernels/decompress.ts';
import { isElf, readElfSection } from '../../kernels/image/elf-section.ts';
import { type ReadAt, withFile } from '../../kernels/image/read-at.ts';
import { readElf, sectionNamed } from '../elf/elf.ts';

/** More than any kernel's BTF has, and little enough to hold. */
const MAX_BTF = 256 << 20;
const NO_SECTION = 'it has no .BTF section (CONFIG_DEBUG_INFO_BTF)';
const TOO_LARGE = `more than ${MAX_BTF} bytes are too many for BTF`;

/** The section of any ELF file that is small enough to read whole: objects, kernels of other machines. */
function sectionOf(bytes: Uint8Array): Uint8Array | string {
  const read = readElf(bytes);
  return read.ok ? (sectionNamed(read.elf, '.BTF')?.bytes ?? NO_SECTION) : read.reason;
}

async function fromElf(read: ReadAt, size: number): Promise<Uint8Array | string> {
  const elf = await readElfSection(read, size, '.BTF');
  if (elf.kind === 'bad') return size > MAX_BTF ? elf.reason : sectionOf(await read(0, size));
  if (!elf.section) return NO_SECTION;
  return elf.section.size > MAX_BTF ? TOO_LARGE : read(elf.section.offset, elf.section.size);
}

/** The first file ending in .btf of a tar archive. */
async function firstBtf(plain: Readable): Promise<Uint8Array | string> {
  const parser = new Parser({ strict: true, brotli: false, zstd: false });
  let chunks: Buffer[] | null = null;
  let size = 0;
  const failed: { reason: string | null } = { reason: null };
  parser.on('error', (error: Error) => (failed.reason ??= `damaged tar archive: ${error.message}`));
  parser.on('entry', (entry: ReadEntry) => {
    if (chunks || entry.type !== 'File' || !entry.path.endsWith('.btf')) {
      entry.resume();
      return;
    }
    const own: Buffer[] = [];
    chunks = own;
    entry.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BTF) own.push(chunk);
    });
  });
  for await (const chunk of plain) {
    parser.write(chunk);
    if (size > MAX_BTF || failed.reason !== null) break;
  }
  parser.end();
  if (failed.reason !== null) return failed.reason;
  if (size > MAX_BTF) return TOO_LARGE;
  const found: Buffer[] | null = chunks;
  return found ? Buffer.concat(found) : 'no file ending in .btf in this archive';
}

async function fromArchive(path: string, start: Buffer): Promise<Uint8Array | string> {
  const format = compressionOf(start);
  const input = createReadStream(path);
  return format ? decompress(format, input, 'its archive', firstBtf) : firstBtf(input);
}

/**
 * BTF of a file, or in one line why there is none: the file itself, the .BTF section of an ELF file, or what a `*.btf.tar.xz` holds.
 * @throws a system error when it cannot be read; InfraError when it cannot be decompressed
 */
export async function readBtfFile(path: string): Promise<Uint8Array | string> {
  return withFile(path, async (read, size) => {
    const start = await read(0, 8);
    if (/\.tar(\.\w+)?$/.test(path)) return fromArchive(path, start);
    if (isElf(start)) return fromElf(read, size);
    return size > MAX_BTF ? TOO_LARGE : read(0, size);
  });
}
