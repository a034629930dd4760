// Reads files of an rpm package. It writes only wanted files, and never to a path from the package.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { streamOf } from '../../harness/base/cached-file.ts';
import { InfraError } from '../../harness/base/errors.ts';
import type { Archive, FileRequest } from './archive.ts';
import { type Compression, compressionOf } from './compression.ts';
import { type CpioMember, cpioMembers } from './cpio.ts';
import { decompress } from './decompress.ts';
import { wantedMember } from './members.ts';
import { withFile } from './read-at.ts';
import { FILE_TYPE, readRpm, type RpmFacts } from './rpm-header.ts';

/** Kinds of members, in the words of `wantedMember`. @see inode(7) */
const TYPES = new Map<number, Parameters<typeof wantedMember>[0]['type']>([
  [0o100_000, 'File'],
  [0o120_000, 'SymbolicLink'],
  [0o040_000, 'Directory'],
  [0o020_000, 'CharacterDevice'],
  [0o060_000, 'BlockDevice'],
  [0o010_000, 'FIFO'],
]);

/**
 * The facts of a package.
 * @param label its name in errors
 * @throws InfraError if it is not an rpm package, or its header is damaged
 */
export async function rpmFacts(path: string, label: string): Promise<RpmFacts> {
  const reading = await withFile(path, readRpm);
  if (reading.kind === 'bad') throw new InfraError(`${label}: not an rpm package: ${reading.reason}`);
  return reading.facts;
}

/**
 * Compares the payload with the digest in the header, if the header has one.
 * @throws InfraError if they differ
 */
export async function checkPayload(path: string, { payload, payloadSha256 }: RpmFacts, label: string): Promise<void> {
  if (payloadSha256 === null) return;
  const hash = createHash('sha256');
  for await (const chunk of await streamOf(path, { start: payload.offset, end: payload.offset + payload.size - 1 })) hash.update(chunk);
  if (hash.digest('hex') !== payloadSha256)
    throw new InfraError(`${label}: damaged rpm package: its payload differs from the sha256 in its header`);
}

/** The compression by the first bytes, which say more than the header: it may name none. */
async function payloadFormat(path: string, { payload }: RpmFacts, label: string): Promise<Compression | 'none'> {
  const start = await withFile(path, async (read) => read(payload.offset, 6));
  const format = start.toString('latin1').startsWith('0707') ? 'none' : compressionOf(start);
  if (format === null) throw new InfraError(`${label}: the compression of its payload is unknown`);
  return format;
}

/** A wanted file, with its path without a leading `./`. */
type Wanted = Pick<CpioMember, 'path' | 'content'>;

async function* wantedMembers(members: AsyncIterable<CpioMember>, request: FileRequest): AsyncGenerator<Wanted> {
  for await (const member of members) {
    const path = wantedPath(member, request);
    if (path === null) continue;
    if (member.size > request.maxBytes) throw new InfraError(`${request.label}: ${path} is larger than ${request.maxBytes} bytes`);
    yield { path, content: member.content };
  }
}

async function withWanted<T>(path: string, request: FileRequest, use: (files: AsyncIterable<Wanted>) => Promise<T>): Promise<T> {
  const { label } = request;
  const facts = await rpmFacts(path, label);
  const { offset, size } = facts.payload;
  const format = await payloadFormat(path, facts, label);
  const input = await streamOf(path, { start: offset, end: offset + size - 1 });
  const take = async (plain: Readable) => use(wantedMembers(cpioMembers(plain, label), request));
  return format === 'none' ? take(input) : decompress(format, { input, size }, label, take);
}

/** The wanted path of a member with content. A package may hold an image and links to it. */
function wantedPath({ path, mode, size }: CpioMember, request: FileRequest): string | null {
  const type = TYPES.get(mode & FILE_TYPE) ?? 'Unsupported';
  const hasContent = type === 'File' && size > 0;
  return wantedMember({ path, type }, hasContent ? request : { ...request, wanted: () => false });
}

async function write(handle: FileHandle, content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of content) await handle.writeFile(chunk);
}

async function extractFirst(rpm: string, request: FileRequest, target: string): Promise<string | null> {
  const handle = await open(target, 'wx');
  try {
    return await withWanted(rpm, request, async (files) => {
      for await (const { path, content } of files) {
        await write(handle, content);
        return path;
      }
      return null;
    });
  } finally {
    await handle.close();
  }
}

async function readFirst(rpm: string, request: FileRequest): Promise<Buffer | null> {
  return withWanted(rpm, request, async (files) => {
    for await (const { content } of files) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      return Buffer.concat(chunks);
    }
    return null;
  });
}

async function extractAll(rpm: string, request: FileRequest, targetOf: (path: string) => string): Promise<number> {
  return withWanted(rpm, request, async (files) => {
    let count = 0;
    for await (const { path, content } of files) {
      count += 1;
      const handle = await open(targetOf(path), 'wx');
      await write(handle, content).finally(async () => handle.close());
    }
    return count;
  });
}

/**
 * The files of an rpm package.
 * @param rpm its path
 * @see docs/manual/format_v4.md of rpm
 */
export function rpmArchive(rpm: string): Archive {
  return {
    extractFirst: async (request, target) => extractFirst(rpm, request, target),
    readFirst: async (request) => readFirst(rpm, request),
    extractAll: async (request, targetOf) => extractAll(rpm, request, targetOf),
  };
}
