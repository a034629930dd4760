// Reads the archive of a bundle. Whoever sent the report may have written it, so nothing in it is believed.
import { Header } from 'tar';
import { UserError } from '../../base/errors.ts';
import { visible } from '../../base/visible.ts';
import { sha256Hex } from './digest.ts';
import { DIGEST_FOLDER, PLAN_PATH } from './schema.ts';

const BLOCK = 512;
const MAX_SIZE = 1 << 30;
/** More than any path of a bundle has. */
const MAX_PATH = 200;

/** The files of a bundle. Nothing is unpacked to disk. */
export interface BundleFiles {
  plan: Uint8Array;
  byDigest: ReadonlyMap<string, Uint8Array>;
}

interface Entry {
  path: string;
  bytes: Uint8Array;
}

/** Null for a header that the library refuses. */
function headerAt(buffer: Buffer, at: number): Header | null {
  try {
    return new Header(buffer, at);
  } catch {
    return null;
  }
}

/** @throws UserError for bytes that are no ustar archive of plain files */
function* entriesOf(archive: Uint8Array, problem: (text: string) => UserError): Generator<Entry> {
  const buffer = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  for (let at = 0; at + BLOCK <= buffer.length;) {
    if (buffer[at] === 0) return;
    const header = headerAt(buffer, at);
    if (header?.cksumValid !== true) throw problem('damaged: the checksum of an entry is wrong');
    const { size = 0, type } = header;
    const path = visible((header.path ?? '').slice(0, MAX_PATH));
    if (type !== 'File') throw problem(`${path}: only plain files are allowed in a bundle`);
    if (!Number.isSafeInteger(size) || size < 0 || size > MAX_SIZE || at + BLOCK + size > buffer.length)
      throw problem(`damaged: ${path} is cut off`);
    yield { path, bytes: buffer.subarray(at + BLOCK, at + BLOCK + size) };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw problem('damaged: its end is missing');
}

/**
 * Reads the files of a bundle, each checked against its digest.
 * @param shown the name of the bundle in messages
 * @throws UserError for a damaged archive, a file with other bytes than its digest says, and any path that a bundle does not have
 */
export function readBundleFiles(archive: Uint8Array, shown: string): BundleFiles {
  const problem = (text: string) => new UserError(`${shown}: ${text}`);
  const byDigest = new Map<string, Uint8Array>();
  let plan: Uint8Array | null = null;
  for (const { path, bytes } of entriesOf(archive, problem)) {
    const digest = new RegExp(`^${DIGEST_FOLDER}([0-9a-f]{64})$`).exec(path)?.[1];
    if (path === PLAN_PATH && plan === null) plan = bytes;
    else if (digest === undefined || byDigest.has(digest)) throw problem(`${path}: no path of a bundle`);
    else if (sha256Hex(bytes) !== digest) throw problem(`${path}: its bytes were changed; their sha256 is ${sha256Hex(bytes)}`);
    else byDigest.set(digest, bytes);
  }
  if (!plan) throw problem(`it has no ${PLAN_PATH}`);
  return { plan, byDigest };
}
