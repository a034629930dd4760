// Tests of BTF of modules with a distilled base: it is relocated to kernels exactly as by btf__relocate() of libbpf, or refused as there.
// COREMATRIX_FUZZ_RUNS sets the number of random modules, COREMATRIX_FUZZ_START the first seed.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relocateBtf } from '../../../../harness/bpf/btf/distilled.ts';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { memberOf } from '../../../../harness/bpf/btf/types.ts';
import { mustReadBtf } from '../object/samples.ts';
import { buildOracle } from '../../core-relo/oracles.ts';
import { moduleTrios } from '../../core-relo/random-btf.ts';
import { buildBtf, type WrittenType } from './build-btf.ts';
import { rawDump } from './raw-dump.ts';
import { fuzzRuns, fuzzStart } from '../../../fuzz/runs.ts';

const MODULES = fuzzRuns(300);
const SEED = fuzzStart();

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'distilled-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function askLibbpf(lines: readonly string[]): Promise<number[]> {
  const oracle = await buildOracle(new URL('distill-oracle.c', import.meta.url).pathname);
  const { stdout } = await execa(oracle, { input: lines.join('\n') });
  return stdout.split('\n').map(Number);
}

const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
const struct = (name: string, size: number, ...members: string[]): WrittenType => {
  return { name, kind: 4, vlen: members.length, size, words: members.flatMap((member, index) => [member, 1, index * 32]) };
};

describe('a module on another kernel than it was made for', () => {
  const base = buildBtf([INT, struct('file', 8, 'mode', 'flags'), struct('list', 4, 'head')]);
  const stringStart = base.readUInt32LE(20);
  /** A module with a type that has a pointer to a file, and an embedded list. */
  const module = buildBtf(
    [
      { kind: 2, size: 2 },
      { name: 'mine', kind: 4, vlen: 2, size: 16, words: ['file', 4, 0, 'list', 3, 64] },
    ],
    {
      stringStart,
    },
  );
  const paths = (name: string) => ['base', 'module', 'distilled', 'split'].map((each) => join(folder, `${name}.${each}`));

  async function distilled() {
    const [basePath = '', modulePath = '', newBase = '', newModule = ''] = paths('one');
    await writeFile(basePath, base);
    await writeFile(modulePath, module);
    expect(await askLibbpf([`distill ${basePath} ${modulePath} ${newBase} ${newModule}`])).toEqual([0]);
    return mustReadBtf(await readFile(newModule), mustReadBtf(await readFile(newBase)));
  }
  const on = (split: Awaited<ReturnType<typeof distilled>>, types: readonly WrittenType[]) => {
    const relocated = relocateBtf(split, indexNames(mustReadBtf(buildBtf(types))));
    return relocated.ok ? rawDump(relocated.btf) : relocated.reason;
  };

  it('a module on another kernel refers to that kernel by name, not by id', async () => {
    const split = await distilled();
    expect(on(split, [struct('x', 4), struct('list', 4, 'head'), INT, struct('file', 400, 'other')])).toMatchInlineSnapshot(`
      [
        "[5] PTR '(anon)' type_id=4",
        "[6] STRUCT 'mine' size=16 vlen=2",
        "	'file' type_id=5 bits_offset=0",
        "	'list' type_id=2 bits_offset=64",
      ]
    `);
    const relocated = relocateBtf(split, indexNames(mustReadBtf(base)));
    const own = relocated.ok ? relocated.btf : null;
    expect(own && memberOf(own, own.startId + 1, 1)?.name).toBe('list');
  });

  it('a module is refused if the kernel lacks a type, has it more than once, or with another size although it is embedded', async () => {
    const split = await distilled();
    const [file, list] = [struct('file', 8, 'mode'), struct('list', 4, 'head')];
    expect([
      on(split, [INT, list]),
      on(split, [INT, file, struct('list', 8, 'head', 'more')]),
      on(split, [INT, file, list, struct('list', 4, 'other')]),
      on(split, [INT, file, list, struct('list', 8, 'other')]).length,
    ]).toMatchInlineSnapshot(`
      [
        "the kernel has no struct file as the module needs it",
        "the kernel has no struct list as the module needs it",
        "the kernel has several types list that the module may mean (3 and 4)",
        4,
      ]
    `);
  });
});

describe('made-up modules', () => {
  it('random modules are relocated to kernels as libbpf relocates them', { timeout: 600_000 }, async () => {
    const trios = fc.sample(moduleTrios, { numRuns: MODULES, seed: SEED });
    const path = (index: number, name: string) => join(folder, `${index}.${name}`);
    const distill: string[] = [];
    for (const [index, { base, module, kernel }] of trios.entries()) {
      const written = buildBtf(base);
      await writeFile(path(index, 'base'), written);
      await writeFile(path(index, 'module'), buildBtf(module, { stringStart: written.readUInt32LE(20) }));
      await writeFile(path(index, 'kernel'), buildBtf(kernel));
      distill.push(`distill ${['base', 'module', 'distilled', 'split'].map((name) => path(index, name)).join(' ')}`);
    }
    // libbpf cannot distill every random base.
    const made = (await askLibbpf(distill)).flatMap((errno, index) => (errno === 0 ? [index] : []));
    const relocate = made.map(
      (index) => `relocate ${['distilled', 'split', 'kernel', 'relocated'].map((name) => path(index, name)).join(' ')}`,
    );
    const said = await askLibbpf(relocate);
    const differences: object[] = [];
    for (const [at, errno] of said.entries()) {
      const index = made[at] ?? 0;
      const split = mustReadBtf(await readFile(path(index, 'split')), mustReadBtf(await readFile(path(index, 'distilled'))));
      const kernel = mustReadBtf(await readFile(path(index, 'kernel')));
      const own = relocateBtf(split, indexNames(kernel));
      const libbpf = errno === 0 ? rawDump(mustReadBtf(await readFile(path(index, 'relocated')), kernel)) : 'refused';
      const engine = own.ok ? rawDump(own.btf) : 'refused';
      if (JSON.stringify(engine) !== JSON.stringify(libbpf)) differences.push({ index, engine: own.ok ? engine : own.reason, libbpf });
    }
    expect(differences.slice(0, 2)).toEqual([]);
    // Both outcomes must be frequent enough to test something.
    const [done, refused] = [said.filter((errno) => errno === 0).length, said.filter((errno) => errno !== 0).length];
    expect(Math.min(done, refused)).toBeGreaterThan(MODULES / 10);
  });
});
