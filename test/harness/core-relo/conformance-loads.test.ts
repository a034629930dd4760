// Compares every case of every family with bpftool and with loads in a guest: the printed lines.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { logText } from '../../../harness/results/logs.ts';
import { agentOf, realRun } from '../run/real-run.ts';
import { btfOf, type Case, casesOf, FAMILY_NAMES } from './conformance/compiled.ts';
import { bpftoolLines, coreLinesOf, linesOf, minCoreLines, tellCount } from './oracles.ts';

let folder = '';
const cases = new Map<string, Case[]>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loads-test-'));
  for (const family of FAMILY_NAMES) cases.set(family, await casesOf(folder, family));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('cases of all families', () => {
  const all = () => [...cases.values()].flat();

  it('bpftool gen min_core_btf prints the predicted lines for the cases of all families', async () => {
    let lines = 0;
    for (const { family, title, btf, object, bpf, kernel } of all()) {
      const expected = await bpftoolLines(btf, object, folder);
      const own = minCoreLines(bpf, kernel);
      expect({ family, title, lines: own.lines }).toEqual({ family, title, lines: expected.lines });
      // bpftool may fail to write BTF that no compiler makes.
      expect(own.ok || !expected.ok).toBe(true);
      lines += expected.lines.length;
    }
    tellCount(`${lines} lines of bpftool, all equal (${all().length} cases of ${cases.size} families)`);
  });

  it('libbpf in a guest prints the predicted lines for the cases of all families', async () => {
    const agent = await agentOf(join(PACKAGE_ROOT, 'test/harness/core-relo/custom-btf-agent/load.c'), join(folder, 'agent'));
    const paths: string[] = [];
    for (const [index, { object, btf }] of all().entries()) {
      const types = await btfOf(btf);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(types.length);
      const path = join(folder, `case-${index}.bpf.o`);
      await writeFile(path, Buffer.concat([await readFile(object), types, length]));
      paths.push(path);
    }
    const { cells, logs } = await realRun(paths, ['debian:5.10'], { agent, cache: join(folder, 'cache') });
    let lines = 0;
    for (const [index, { family, title, bpf, kernel }] of all().entries()) {
      const cell = cells.find(({ object }) => object === `case-${index}`);
      const observed = coreLinesOf(logText(logs, cell?.logs.libbpf ?? null));
      expect({ family, title, lines: linesOf(predictLoad(bpf, kernel).log) }).toEqual({ family, title, lines: observed });
      lines += observed.length;
    }
    expect(lines).toBeGreaterThan(all().length * 5);
    tellCount(`${lines} lines of guests' libbpf, all equal (${all().length} cases of ${cases.size} families)`);
  });
});
