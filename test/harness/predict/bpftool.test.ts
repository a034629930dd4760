import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../harness/btf/names.ts';
import { readBpfObject } from '../../../harness/object/object.ts';
import { cachedBtfs, mustReadBtf, sampleObjects } from '../object/samples.ts';
import { bpftoolLines, minCoreLines } from './oracles.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predict-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('sample objects on every kernel in the cache', () => {
  it('are relocated with the lines that bpftool gen min_core_btf prints', { timeout: 300_000 }, async () => {
    const objects = await sampleObjects();
    const counted = { cells: 0, lines: 0 };
    for (const { release, path } of await cachedBtfs()) {
      const kernel = { vmlinux: indexNames(mustReadBtf(await readFile(path))), modules: [] };
      for (const { name, path: object, bytes } of objects) {
        const expected = await bpftoolLines(path, object, folder);
        const actual = minCoreLines(readBpfObject(bytes, name), kernel);
        expect({ release, name, ...actual }).toEqual({ release, name, ...expected });
        counted.cells += 1;
        counted.lines += expected.lines.length;
      }
    }
    process.stderr.write(`${counted.lines} lines of ${counted.cells} cells are equal\n`);
  });
});
