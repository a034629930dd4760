// The sample objects, for tests that compare readers with oracles.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Btf, readBtf } from '../../../../harness/bpf/btf/btf.ts';
import { ensureLibbpf } from '../../../../harness/setup/libbpf.ts';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { buildPrograms } from '../../../../programs/build.ts';

export interface SampleObject {
  name: string;
  path: string;
  bytes: Uint8Array;
}

/** Builds the sample programs unless they are up to date, and reads them. */
export async function sampleObjects(): Promise<SampleObject[]> {
  const onNote = () => {};
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote });
  const paths = await buildPrograms({ includeDir, onNote });
  return Promise.all(paths.map(async (path) => ({ name: basename(path), path, bytes: await readFile(path) })));
}

/**
 * Reads BTF that must be valid.
 * @throws Error with the reason if it is not
 */
export function mustReadBtf(bytes: Uint8Array, base: Btf | null = null): Btf {
  const read = readBtf(bytes, base);
  if (!read.ok) throw new Error(read.reason);
  return read.btf;
}
