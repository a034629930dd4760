// A name index as a file beside its BTF, so that the next prediction does not make it again. A damaged or older file is replaced.
import { crc32 } from 'node:zlib';
import { type Btf, readBtf } from './btf.ts';
import type { NameIndex } from './names.ts';

/** Written in the byte order of the machine, so a machine of the other byte order reads another number and refuses the file. */
const MAGIC = 0x584e5442;
const VERSION = 1;
const DIGEST_WORDS = 8;
/** Magic, version, size of the BTF, checksum of what follows, number of types, number of buckets, and the digest of the BTF. */
const HEAD_WORDS = 6 + DIGEST_WORDS;

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function digestWords(sha256: string): Uint32Array {
  return new Uint32Array(Uint8Array.from(Buffer.from(sha256, 'hex')).buffer);
}

/**
 * The bytes of the file.
 * @param sha256 digest of the BTF, hexadecimal
 * @param size its length in bytes
 */
export function writeNames({ btf, buckets, next }: NameIndex, sha256: string, size: number): Uint8Array {
  const types = btf.starts.length;
  const words = new Uint32Array(HEAD_WORDS + 2 * types + buckets.length);
  words.set(btf.starts, HEAD_WORDS);
  words.set(next, HEAD_WORDS + types);
  words.set(buckets, HEAD_WORDS + 2 * types);
  const checksum = crc32(bytesOf(words.subarray(HEAD_WORDS)));
  words.set([MAGIC, VERSION, size, checksum, types, buckets.length, ...digestWords(sha256)]);
  return bytesOf(words);
}

/** The words as a view of the bytes if their position allows it, else as a copy. */
function wordsIn(file: Uint8Array): Uint32Array {
  const aligned = file.byteOffset % 4 === 0 ? file : Uint8Array.from(file);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, Math.floor(file.length / 4));
}

/**
 * Reads the index of a BTF from such a file; null if the file has another version, belongs to another BTF, or is damaged.
 * @param bytes the BTF, which has this digest
 */
export function readNames(file: Uint8Array, bytes: Uint8Array, sha256: string): NameIndex | null {
  const words = wordsIn(file);
  const [magic, version, size, checksum, types = 0, count = 0] = words;
  if (magic !== MAGIC || version !== VERSION || size !== bytes.length || file.length !== words.length * 4) return null;
  if (digestWords(sha256).some((word, index) => word !== words[HEAD_WORDS - DIGEST_WORDS + index])) return null;
  if (words.length !== HEAD_WORDS + 2 * types + count || crc32(bytesOf(words.subarray(HEAD_WORDS))) !== checksum) return null;
  const read = readBtf(bytes, null, words.subarray(HEAD_WORDS, HEAD_WORDS + types));
  if (!read.ok) return null;
  const btf: Btf = read.btf;
  const next = words.subarray(HEAD_WORDS + types, HEAD_WORDS + 2 * types);
  return { btf, next, buckets: words.subarray(HEAD_WORDS + 2 * types), known: new Map() };
}
