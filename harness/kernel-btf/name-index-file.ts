// Name indexes of BTF in the cache: read if one exists, else made and kept.
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readCached } from '../base/cached-file.ts';
import { unfinishedPath } from '../base/files.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import { readBtf } from '../bpf/btf/btf.ts';
import { type NameIndex, indexNames } from '../bpf/btf/names.ts';
import { readNames, writeNames } from '../bpf/btf/names-file.ts';

export interface IndexFile {
  path: string;
  /** Digest of its BTF. */
  sha256: string;
}

/** The path of the index of a BTF file in the cache, in the folder of its kernel. */
export function indexFileOf({ path, sha256 }: { path: string; sha256: string }): IndexFile {
  return { path: join(dirname(path), KERNEL_FILES.names), sha256 };
}

/** An index made from the BTF, or the reason why it cannot be read. */
export function indexBytes(bytes: Uint8Array): NameIndex | string {
  const read = readBtf(bytes);
  return read.ok ? indexNames(read.btf) : read.reason;
}

/** Writes the index. A read-only cache only costs time. The checksum detects a file that a crash cut off. */
async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = unfinishedPath(path);
  try {
    await writeFile(temporary, bytes, { flag: 'wx' });
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** The index of BTF in the cache, from its file if that is valid; or the reason why the BTF cannot be read. */
export async function indexWithFile(bytes: Uint8Array, { path, sha256 }: IndexFile): Promise<NameIndex | string> {
  const file = await readCached(path);
  const kept = file && readNames(file, bytes, sha256);
  if (kept) return kept;
  const made = indexBytes(bytes);
  if (typeof made !== 'string') await keep(path, writeNames(made, sha256, bytes.length));
  return made;
}
