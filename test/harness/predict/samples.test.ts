import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { mustReadBtf, sampleObjects } from '../bpf/object/samples.ts';
import { ALL_SERIES, pulledBtfs } from '../../kernels/pulled.ts';
import { bpftoolLines, engineLines, libbpfLines, minCoreLines, tellCount } from '../core-relo/oracles.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predict-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('sample objects on every kernel', () => {
  it('sample objects are relocated and patched with the lines that libbpf prints', async () => {
    const samples = await sampleObjects();
    const objects = samples.map(({ name, path, bytes }) => ({ object: path, bpf: readBpfObject(bytes, name) }));
    let lines = 0;
    for (const { release, path } of await pulledBtfs()) {
      const kernel = { vmlinux: indexNames(mustReadBtf(await readFile(path))), modules: [] };
      const cells = objects.map((object) => ({ ...object, btf: path }));
      const expected = await libbpfLines(cells);
      const actual = cells.map((cell) => engineLines(cell, kernel));
      expect({ release, lines: actual }).toEqual({ release, lines: expected });
      lines += expected.flat().length;
    }
    expect(lines).toBeGreaterThan(samples.length);
    tellCount(`${lines} lines of libbpf's functions, all equal (${samples.length} objects, every kernel)`);
  });

  // The bpftool of a distribution contains an older libbpf, and is slow. COREMATRIX_TEST_KERNELS=all uses every kernel.
  it('sample objects are relocated with the lines that bpftool gen min_core_btf prints', async () => {
    const samples = await sampleObjects();
    const kernels = await pulledBtfs();
    const chosen = ALL_SERIES ? kernels : [...new Set([...kernels.slice(0, 1), ...kernels.slice(-1)])];
    let lines = 0;
    for (const { release, path } of chosen) {
      const kernel = { vmlinux: indexNames(mustReadBtf(await readFile(path))), modules: [] };
      for (const { name, path: object, bytes } of samples) {
        const expected = await bpftoolLines(path, object, folder);
        expect({ release, name, ...minCoreLines(readBpfObject(bytes, name), kernel) }).toEqual({ release, name, ...expected });
        lines += expected.lines.length;
      }
    }
    tellCount(`${lines} lines of bpftool, all equal (${samples.length} objects, ${chosen.length} kernels)`);
  });
});
