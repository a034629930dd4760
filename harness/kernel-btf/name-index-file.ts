// Name indexes of BTF in the cache: read where one was kept, else made and kept for the next time.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unfinishedPath } from '../base/files.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import { readBtf } from '../bpf/btf/btf.ts';
import { type NameIndex, indexNames } from '../bpf/btf/names.ts';
import { readNames, writeNames } from '../bpf/btf/names-file.ts';

export interface IndexFile {
  path: string;
  /** Digest of the BTF it is for. */
  sha256: string;
}

/** Where the index of a BTF file in the cache is kept: in the folder of its kernel. */
export function indexFileOf({ path, sha256 }: { path: string; sha256: string }): IndexFile {
  return { path: join(dirname(path), KERNEL_FILES.names), sha256 };
}

/** An index made from nothing but the BTF; or why that cannot be read. */
export function indexBytes(bytes: Uint8Array): NameIndex | string {
  const read = readBtf(bytes);
  return read.ok ? indexNames(read.btf) : read.reason;
}

/** A cache that cannot be written costs time, nothing else. A file that is cut off by a crash is seen by its checksum. */
async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = unfinishedPath(path);
  try {
    await writeFile(temporary, bytes, { flag: 'wx' });
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** The index of BTF in the cache, from its file if that is whole; or why the BTF cannot be read. */
export async function indexWithFile(bytes: Uint8Array, { path, sha256 }: IndexFile): Promise<NameIndex | string> {
  const file = await readFile(path).catch(() => null);
  const kept = file && readNames(file, bytes, sha256);
  if (kept) return kept;
  const made = indexBytes(bytes);
  if (typeof made !== 'string') await keep(path, writeNames(made, sha256, bytes.length));
  return made;
}
