// Reads the headers of an rpm package: its names, the list of its files, and where its payload is.
import { createHash } from 'node:crypto';
import type { ReadAt } from './read-at.ts';

/** A file in the list of a package. The payload holds it unless it is a ghost. */
export interface RpmFile {
  /** Without the leading slash. */
  path: string;
  /** In bytes. */
  size: number;
  /** Neither a folder nor a link, and part of the payload. */
  isContent: boolean;
}

export interface RpmFacts {
  name: string;
  version: string;
  release: string;
  arch: string;
  files: RpmFile[];
  /** The place of the compressed payload in the package, in bytes. */
  payload: { offset: number; size: number };
  /** Digest of the payload as the header has it; null if it has none. */
  payloadSha256: string | null;
}

export type RpmReading = { kind: 'rpm'; facts: RpmFacts } | { kind: 'bad'; reason: string };

const LEAD = 96;
const LEAD_MAGIC = 'edabeedb';
/** The second half of the lead's type: 0 for a binary package, 1 for a source package. */
const SOURCE = 1;
const HEADER_MAGIC = '8eade801';
const INTRO = 16;
const ENTRY = 16;
/** rpm itself refuses more entries. @see HEADER_TAGS_MAX in lib/header.c of rpm */
const MAX_ENTRIES = 0xffff;
/** The header of the largest kernel packages, with tens of thousands of files, has 10 MiB. */
const MAX_STORE = 64 << 20;
const MAX_FILES = 1 << 20;

/** Tags by their names in rpm. @see lib/rpmtag.h of rpm */
const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  arch: 1022,
  fileSizes: 1028,
  fileModes: 1030,
  fileFlags: 1037,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  longFileSizes: 5008,
  payloadDigest: 5092,
  payloadDigestAlgorithm: 5093,
} as const;
const SIGNATURE_SHA256 = 273;
/** The number of SHA-256 in OpenPGP. */
const SHA256 = 8;
const GHOST = 1 << 6;
/** The part of a mode that tells the kind of a file. @see inode(7) */
export const FILE_TYPE = 0o170_000;
const REGULAR = 0o100_000;

const INTEGER_BYTES: Readonly<Record<number, 2 | 4 | 8>> = { 3: 2, 4: 4, 5: 8 };
const STRING_TYPES: ReadonlySet<number> = new Set([6, 8, 9]);

interface Entry {
  type: number;
  offset: number;
  count: number;
}

/** A header: entries by tag, and the store that they point into. */
interface Header {
  entries: ReadonlyMap<number, Entry>;
  store: Buffer;
  sha256: string;
  /** Where the next byte of the file is. */
  end: number;
}

/** What is wrong with a package. */
class BadRpm extends Error {}

async function readHeader(read: ReadAt, at: number, what: string): Promise<Header> {
  const intro = await read(at, INTRO);
  if (intro.length < INTRO) throw new BadRpm('it is cut off');
  if (intro.toString('hex', 0, 4) !== HEADER_MAGIC) throw new BadRpm(`its ${what} has no header magic`);
  const [count, size] = [intro.readUInt32BE(8), intro.readUInt32BE(12)];
  if (count > MAX_ENTRIES || size > MAX_STORE) throw new BadRpm(`its ${what} is too large: ${count} entries and ${size} bytes`);
  const length = INTRO + count * ENTRY + size;
  const bytes = await read(at, length);
  if (bytes.length < length) throw new BadRpm('it is cut off');
  const entries = new Map<number, Entry>();
  for (let entry = INTRO; entry < INTRO + count * ENTRY; entry += ENTRY) {
    const tag = bytes.readUInt32BE(entry);
    entries.set(tag, { type: bytes.readUInt32BE(entry + 4), offset: bytes.readUInt32BE(entry + 8), count: bytes.readUInt32BE(entry + 12) });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { entries, store: bytes.subarray(INTRO + count * ENTRY), sha256, end: at + length };
}

/** The strings of a tag; none if the header lacks it. */
function strings({ entries, store }: Header, tag: number): string[] {
  const entry = entries.get(tag);
  if (!entry) return [];
  if (!STRING_TYPES.has(entry.type) || entry.count > MAX_FILES) throw new BadRpm(`tag ${tag} of its header is damaged`);
  const found: string[] = [];
  let at = entry.offset;
  for (let left = entry.count; left > 0; left--) {
    const end = at < store.length ? store.indexOf(0, at) : -1;
    if (end < 0) throw new BadRpm(`tag ${tag} of its header is damaged`);
    found.push(store.toString('utf8', at, end));
    at = end + 1;
  }
  return found;
}

/** The numbers of a tag; none if the header lacks it. */
function numbers({ entries, store }: Header, tag: number): number[] {
  const entry = entries.get(tag);
  if (!entry) return [];
  const bytes = INTEGER_BYTES[entry.type];
  if (bytes === undefined || entry.count > MAX_FILES || entry.offset + entry.count * bytes > store.length) {
    throw new BadRpm(`tag ${tag} of its header is damaged`);
  }
  return Array.from({ length: entry.count }, (_, index) => {
    const at = entry.offset + index * bytes;
    return bytes === 8 ? Number(store.readBigUInt64BE(at)) : store.readUIntBE(at, bytes);
  });
}

function word(header: Header, tag: number, name: string): string {
  const [text = ''] = strings(header, tag);
  if (!/^[\w.+~^-]{1,256}$/.test(text)) throw new BadRpm(`its header has no valid ${name}`);
  return text;
}

/** A long list of sizes takes the place of the usual one if a file has 4 GiB or more. */
function filesOf(header: Header): RpmFile[] {
  const folders = strings(header, TAG.dirNames);
  const names = strings(header, TAG.baseNames);
  const [indexes, modes, flags] = [TAG.dirIndexes, TAG.fileModes, TAG.fileFlags].map((tag) => numbers(header, tag));
  const long = numbers(header, TAG.longFileSizes);
  const sizes = long.length > 0 ? long : numbers(header, TAG.fileSizes);
  return names.map((name, index) => {
    const folder = folders[indexes?.[index] ?? -1];
    const [size, mode] = [sizes[index], modes?.[index]];
    if (folder === undefined || size === undefined || mode === undefined) throw new BadRpm('the list of its files is damaged');
    const isContent = (mode & FILE_TYPE) === REGULAR && ((flags?.[index] ?? 0) & GHOST) === 0 && size > 0;
    return { path: `${folder}${name}`.replace(/^\/+/, ''), size, isContent };
  });
}

function payloadSha256Of(header: Header): string | null {
  const [algorithm] = numbers(header, TAG.payloadDigestAlgorithm);
  const [digest] = strings(header, TAG.payloadDigest);
  return algorithm === SHA256 && digest !== undefined ? digest : null;
}

async function factsOf(read: ReadAt, size: number): Promise<RpmFacts> {
  const lead = await read(0, LEAD);
  if (lead.toString('hex', 0, 4) !== LEAD_MAGIC) throw new BadRpm('it has no lead of an rpm package');
  if (lead.length < LEAD) throw new BadRpm('it is cut off');
  if (lead.readUInt16BE(6) === SOURCE) throw new BadRpm('it is a source package');
  const signature = await readHeader(read, LEAD, 'signature');
  // Only the signature is padded, to a multiple of 8 bytes.
  const header = await readHeader(read, Math.ceil(signature.end / 8) * 8, 'header');
  const [expected] = strings(signature, SIGNATURE_SHA256);
  if (expected !== undefined && expected !== header.sha256) throw new BadRpm('its header differs from the sha256 in its signature');
  if (header.end >= size) throw new BadRpm('it has no payload');
  return {
    name: word(header, TAG.name, 'name'),
    version: word(header, TAG.version, 'version'),
    release: word(header, TAG.release, 'release'),
    arch: word(header, TAG.arch, 'architecture'),
    files: filesOf(header),
    payload: { offset: header.end, size: size - header.end },
    payloadSha256: payloadSha256Of(header),
  };
}

/**
 * Reads the headers of an rpm package. The digest of the header is compared, that of the payload is not.
 * @see docs/manual/format_v4.md of rpm
 */
export async function readRpm(read: ReadAt, size: number): Promise<RpmReading> {
  try {
    return { kind: 'rpm', facts: await factsOf(read, size) };
  } catch (error) {
    if (error instanceof BadRpm) return { kind: 'bad', reason: error.message };
    throw error;
  }
}
