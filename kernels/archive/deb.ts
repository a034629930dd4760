// Reads files of a Debian package. It writes only wanted files, and never to a path from the package.
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Parser, type ReadEntry } from 'tar';
import { streamOf } from '../../harness/base/cached-file.ts';
import { InfraError } from '../../harness/base/errors.ts';
import { listAr } from './ar.ts';
import type { Archive, FileRequest } from './archive.ts';
import type { Compression } from './compression.ts';
import { decompress } from './decompress.ts';
import { wantedMember } from './members.ts';
import { withFile } from './read-at.ts';

const COMPRESSION_BY_ENDING: Readonly<Record<string, Compression | 'none'>> = {
  '.xz': 'xz',
  '.zst': 'zstd',
  '.gz': 'gzip',
  '.bz2': 'bzip2',
  '.lzma': 'lzma',
  '': 'none',
};

/** `data` has the files, `control` has the metadata of the package. */
type DebPart = 'data' | 'control';

interface DebRequest extends FileRequest {
  deb: string;
  part: DebPart;
}

async function locatePart(request: DebRequest) {
  const listing = await withFile(request.deb, listAr);
  if (listing.kind === 'bad') throw new InfraError(`${request.label}: not a Debian package: ${listing.reason}`);
  const [member, second] = listing.members.filter(({ name }) => name.startsWith(`${request.part}.tar`));
  if (second) throw new InfraError(`${request.label}: not a Debian package: it has more than one ${request.part}.tar`);
  if (!member) throw new InfraError(`${request.label}: not a Debian package: it has no ${request.part}.tar`);
  const format = COMPRESSION_BY_ENDING[member.name.slice(`${request.part}.tar`.length)];
  if (format === undefined) throw new InfraError(`${request.label}: the compression of ${member.name} is unknown`);
  return { format, ...member };
}

/** Receives the bytes of a file, chunk by chunk. */
type Sink = (chunk: Uint8Array) => Promise<void>;

async function feed(parser: Parser, plain: Readable, enough: () => boolean): Promise<void> {
  let ended = false;
  parser.on('eof', () => (ended = true));
  for await (const chunk of plain) {
    // The parser keeps in memory what follows the end of an archive.
    if (!ended && !parser.write(Buffer.from(chunk))) await once(parser, 'drain');
    if (enough()) return;
  }
  parser.end();
}

async function saveEntry(entry: ReadEntry, request: DebRequest, sink: Sink): Promise<string> {
  let size = 0;
  for await (const chunk of entry) {
    size += chunk.length;
    if (size > request.maxBytes) throw new InfraError(`${request.label}: ${entry.path} is larger than ${request.maxBytes} bytes`);
    await sink(chunk);
  }
  return entry.path;
}

/** The wanted path of a member. A member that no package has fails the reading of the archive. */
function checkedMember(entry: ReadEntry, request: DebRequest, fail: (reason: unknown) => void): string | null {
  try {
    return wantedMember(entry, request);
  } catch (error) {
    fail(error);
    return null;
  }
}

/** A parser, and a promise that is rejected at the first fault. */
function startParser(label: string) {
  const parser = new Parser({ strict: true, brotli: false, zstd: false });
  let fail: (reason: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  parser.on('error', (error: Error) => fail(new InfraError(`${label}: damaged tar archive: ${error.message}`, { cause: error })));
  parser.on('ignoredEntry', (entry: ReadEntry) =>
    fail(new InfraError(`${label}: ${entry.path} is a member of an unknown kind (${entry.type})`)),
  );
  return { parser, failed, fail: (reason: unknown) => fail(reason) };
}

async function takeFile(plain: Readable, request: DebRequest, sink: Sink): Promise<string | null> {
  const { parser, failed, fail } = startParser(request.label);
  let saved: Promise<string> | null = null;
  let settled = false;
  parser.on('entry', (entry: ReadEntry) => {
    const path = saved ? null : checkedMember(entry, request, fail);
    if (path === null) {
      entry.resume();
      return;
    }
    saved = saveEntry(entry, request, sink).finally(() => {
      settled = true;
    });
    // Awaited below. The handler avoids an unhandled rejection before that.
    saved.catch(() => parser.emit('drain'));
  });
  await Promise.race([feed(parser, plain, () => settled), failed]);
  return saved;
}

async function extract(request: DebRequest, sink: Sink): Promise<string | null> {
  const { format, offset, size } = await locatePart(request);
  const input = await streamOf(request.deb, { start: offset, end: offset + size - 1 });
  const take = async (plain: Readable) => takeFile(plain, request, sink);
  return format === 'none' ? take(input) : decompress(format, { input, size }, request.label, take);
}

/** Stops reading at the first wanted file, so that the modules after the kernel are never unpacked. */
async function extractFirst(request: DebRequest, target: string): Promise<string | null> {
  const handle = await open(target, 'wx');
  try {
    return await extract(request, async (chunk) => handle.writeFile(chunk));
  } finally {
    await handle.close();
  }
}

async function readFirst(request: DebRequest): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  const path = await extract(request, async (chunk) => {
    chunks.push(chunk);
  });
  return path === null ? null : Buffer.concat(chunks);
}

async function takeFiles(plain: Readable, request: DebRequest, targetOf: (path: string) => string): Promise<number> {
  const { parser, failed, fail } = startParser(request.label);
  let count = 0;
  const saved: Promise<unknown>[] = [];
  parser.on('entry', (entry: ReadEntry) => {
    const path = checkedMember(entry, request, fail);
    if (path === null) {
      entry.resume();
      return;
    }
    count += 1;
    const writing = open(targetOf(path), 'wx').then(async (handle) => {
      await saveEntry(entry, request, async (chunk) => handle.writeFile(chunk)).finally(async () => handle.close());
    });
    saved.push(writing);
    writing.catch(fail);
  });
  await Promise.race([feed(parser, plain, () => false), failed]);
  await Promise.all(saved);
  return count;
}

async function extractAll(request: DebRequest, targetOf: (path: string) => string): Promise<number> {
  const { format, offset, size } = await locatePart(request);
  const input = await streamOf(request.deb, { start: offset, end: offset + size - 1 });
  const take = async (plain: Readable) => takeFiles(plain, request, targetOf);
  return format === 'none' ? take(input) : decompress(format, { input, size }, request.label, take);
}

/**
 * The files of a Debian package.
 * @param deb its path
 * @param part `data` has the files, `control` has the metadata of the package
 * @see deb(5)
 */
export function debArchive(deb: string, part: DebPart = 'data'): Archive {
  return {
    extractFirst: async (request, target) => extractFirst({ ...request, deb, part }, target),
    readFirst: async (request) => readFirst({ ...request, deb, part }),
    extractAll: async (request, targetOf) => extractAll({ ...request, deb, part }, targetOf),
  };
}
