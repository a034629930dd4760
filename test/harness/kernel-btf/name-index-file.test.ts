// Tests of cached name indexes: they equal new ones, and damaged ones are rebuilt.
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NameIndex, typesWithEssentialName } from '../../../harness/bpf/btf/names.ts';
import { readNames, writeNames } from '../../../harness/bpf/btf/names-file.ts';
import { indexBytes, indexFileOf, indexWithFile } from '../../../harness/kernel-btf/name-index-file.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { pulledBtfs } from '../../kernels/pulled.ts';

const NAMES = ['task_struct', 'task_struct___old', 'inode', 'file', '', 'inode'];
const BYTES = buildBtf(NAMES.map((name) => ({ name, kind: 4, vlen: 0, size: 8 })));
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'index-file-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

function must(index: NameIndex | string | null): NameIndex {
  if (index === null || typeof index === 'string') throw new Error(`no index: ${index}`);
  return index;
}

const found = (index: NameIndex) => ['task_struct', 'inode', 'file', 'none'].map((name) => typesWithEssentialName(index, name));
const RIGHT = [[1, 2], [3, 6], [4], []];

describe('an index as bytes', () => {
  it('a saved name index finds the same types', () => {
    const made = must(indexBytes(BYTES));
    const read = must(readNames(writeNames(made, SHA256, BYTES.length), BYTES, SHA256));
    expect(found(made)).toEqual(RIGHT);
    expect(found(read)).toEqual(RIGHT);
    expect({ ...read, btf: null }).toEqual({ ...made, btf: null, known: read.known });
    expect(read.btf).toEqual(made.btf);
  });

  it('a saved name index can be read at any position in memory', () => {
    const file = writeNames(must(indexBytes(BYTES)), SHA256, BYTES.length);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect(found(must(readNames(shifted.subarray(1), BYTES, SHA256)))).toEqual(RIGHT);
  });

  it('a saved name index of other BTF is rejected', () => {
    const file = writeNames(must(indexBytes(BYTES)), SHA256, BYTES.length);
    expect(readNames(file, BYTES, '0'.repeat(64))).toBeNull();
    expect(readNames(file, BYTES.subarray(0, -1), SHA256)).toBeNull();
  });

  it('a saved name index with a wrong bit or a missing end is rejected', () => {
    const file = writeNames(must(indexBytes(BYTES)), SHA256, BYTES.length);
    for (let bit = 0; bit < file.length * 8; bit++) {
      const damaged = Uint8Array.from(file);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readNames(damaged, BYTES, SHA256)).toBeNull();
    }
    for (let length = 0; length < file.length; length++) expect(readNames(file.subarray(0, length), BYTES, SHA256)).toBeNull();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => readNames(noise, BYTES, SHA256) === null));
  });

  it('a saved name index of every kernel equals a new one', async () => {
    for (const { path } of await pulledBtfs()) {
      const bytes = await readFile(path);
      const made = must(indexBytes(bytes));
      const read = must(readNames(writeNames(made, SHA256, bytes.length), bytes, SHA256));
      const raw = ({ btf, next, buckets }: NameIndex) =>
        [btf.starts, next, buckets].map((words) => createHash('sha256').update(words).digest('hex'));
      expect(raw(read)).toEqual(raw(made));
      expect(typesWithEssentialName(read, 'task_struct')).toEqual(typesWithEssentialName(made, 'task_struct'));
    }
  });
});

describe('an index in a folder', () => {
  const file = () => indexFileOf({ path: join(folder, 'btf'), sha256: SHA256 });
  beforeEach(async () => rm(file().path, { force: true }));

  it('a name index in a folder is saved, used, and rebuilt if it is damaged', async () => {
    expect(found(must(await indexWithFile(BYTES, file())))).toEqual(RIGHT);
    const kept = await readFile(file().path);
    expect(found(must(await indexWithFile(BYTES, file())))).toEqual(RIGHT);
    await writeFile(file().path, kept.subarray(0, 40));
    expect(found(must(await indexWithFile(BYTES, file())))).toEqual(RIGHT);
    expect(await readFile(file().path)).toEqual(kept);
    expect(await readdir(folder)).toEqual(['btf-names']);
  });

  it('a name index that cannot be saved is not an error', async () => {
    expect(found(must(await indexWithFile(BYTES, { path: join(folder, 'no/such/folder/names'), sha256: SHA256 })))).toEqual(RIGHT);
    await chmod(folder, 0o500);
    expect(found(must(await indexWithFile(BYTES, file())))).toEqual(RIGHT);
    await chmod(folder, 0o700);
  });

  it('no name index is saved for unreadable BTF', async () => {
    expect(await indexWithFile(BYTES.subarray(0, 30), file())).toBe('truncated BTF: its sections lie beyond the end');
    expect(await readdir(folder)).toEqual([]);
  });
});
