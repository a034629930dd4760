// BTF in BTFHub's format: a tar archive with one file, usually compressed by xz.
import type { Readable } from 'node:stream';
import { Parser, type ReadEntry } from 'tar';
import { streamOf } from '../base/cached-file.ts';
import { compressionOf } from '../../kernels/archive/compression.ts';
import { decompress } from '../../kernels/archive/decompress.ts';

/** BTFHub's archives have one file. The largest allowed one fits, also beside others. */
const MAX_ARCHIVE = 512 << 20;

/** The first file ending in .btf of a tar archive. */
async function firstBtf(plain: Readable, maxBytes: number): Promise<Uint8Array | string> {
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
      if (size <= maxBytes) own.push(chunk);
    });
  });
  let ended = false;
  parser.on('eof', () => (ended = true));
  let unpacked = 0;
  for await (const chunk of plain) {
    unpacked += chunk.length;
    if (unpacked > MAX_ARCHIVE) return `its archive unpacks to more than ${MAX_ARCHIVE} bytes, which is the limit`;
    // The parser keeps in memory what follows the end of an archive.
    if (!ended) parser.write(chunk);
    if (size > maxBytes || failed.reason !== null) break;
  }
  parser.end();
  if (failed.reason !== null) return failed.reason;
  if (size > maxBytes) return `it has more than ${maxBytes} bytes of BTF, which is the limit`;
  const found: Buffer[] | null = chunks;
  return found ? Buffer.concat(found) : 'no file ending in .btf in this archive';
}

/**
 * The BTF of an archive, compressed or not, or the reason in one line.
 * @param file the first bytes of the file, and its size
 * @throws InfraError if it cannot be decompressed, or unpacks to too many bytes
 */
export async function readBtfArchive(
  path: string,
  { start, size }: { start: Buffer; size: number },
  maxBytes: number,
): Promise<Uint8Array | string> {
  const format = compressionOf(start);
  const input = await streamOf(path);
  const first = async (plain: Readable) => firstBtf(plain, maxBytes);
  return format ? decompress(format, { input, size }, 'its archive', first) : first(input);
}
