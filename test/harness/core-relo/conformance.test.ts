// Compares every case of every family with libbpf's functions, bpftool and a load in a guest: the printed lines. Snapshots show the values.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { readElf, sectionNamed } from '../../../harness/bpf/elf/elf.ts';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { relocationRecords } from '../../../harness/verdict/relocations/records.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { logText } from '../../../harness/results/logs.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { readAttempt } from '../../../harness/verdict/evidence/attempt.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { agentOf, realRun } from '../run/real-run.ts';
import { type Family, MACROS } from './conformance/cases.ts';
import { FIELD_FAMILIES } from './conformance/fields.ts';
import { TYPE_FAMILIES } from './conformance/types.ts';
import { bpftoolLines, coreLinesOf, engineLines, libbpfLines, linesOf, minCoreLines, type OracleCell, tellCount } from './oracles.ts';

const TYPE_EXISTS = 8;
const TYPE_MATCHES = 12;

/** clang before version 15 cannot write type_matches, so its records are made from those of type_exists. */
async function turnIntoMatches(path: string): Promise<void> {
  const bytes = await readFile(path);
  const read = readElf(bytes);
  const ext = read.ok ? sectionNamed(read.elf, '.BTF.ext')?.bytes : undefined;
  if (!ext) throw new Error(`${path}: no .BTF.ext`);
  const view = new DataView(ext.buffer, ext.byteOffset, ext.byteLength);
  const start = view.getUint32(4, true) + view.getUint32(24, true);
  // A single section: record size, name, count, then the records.
  const count = view.getUint32(start + 8, true);
  for (let index = 0; index < count; index++) {
    const kind = start + 12 + index * 16 + 12;
    if (view.getUint32(kind, true) === TYPE_EXISTS) view.setUint32(kind, TYPE_MATCHES, true);
  }
  await writeFile(path, bytes);
}

/** BTF of an object, or of a file with only BTF. */
async function btfOf(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const read = readElf(bytes);
  return (read.ok ? sectionNamed(read.elf, '.BTF')?.bytes : undefined) ?? bytes;
}

async function writeTarget(name: string, target: Family['targets'][string]): Promise<string> {
  if (typeof target === 'string') return compileBpf(folder, name, target);
  const path = join(folder, `${name}.btf`);
  await writeFile(path, buildBtf(target));
  return path;
}

const FAMILIES: Readonly<Record<string, Family>> = { ...FIELD_FAMILIES, ...TYPE_FAMILIES };

/** One line for each relocation: its access and its outcome. */
function outcomes({ bpf }: OracleCell, lines: readonly string[]): string[] {
  const attempt = readAttempt({ program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: textRecords(lines.join('\n')) });
  return relocationRecords(bpf, [attempt]).map(({ ref, outcome, local, target, suspicious }) => {
    const relocation = bpf.relocations[ref];
    const value = local === target ? `${local}` : `${local} -> ${target}`;
    return `${relocation?.kind} ${relocation?.access}: ${outcome} ${value}${suspicious === null ? '' : `, ${suspicious}`}`;
  });
}

interface Case extends OracleCell {
  family: string;
  title: string;
  kernel: KernelTypes;
}

async function casesOf(family: string, { local, targets, matches }: Family): Promise<Case[]> {
  const file = family.replaceAll(' ', '-');
  const object = await compileBpf(folder, file, MACROS + local);
  if (matches) await turnIntoMatches(object);
  const bpf = readBpfObject(await readFile(object), family);
  const cases: Case[] = [];
  for (const [index, [title, target]] of Object.entries(targets).entries()) {
    const btf = await writeTarget(`${file}-${index}`, target);
    cases.push({ family, title, object, bpf, btf, kernel: { vmlinux: indexNames(mustReadBtf(await btfOf(btf))), modules: [] } });
  }
  return cases;
}

let folder = '';
const cases = new Map<string, Case[]>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-test-'));
  for (const [family, content] of Object.entries(FAMILIES)) cases.set(family, await casesOf(family, content));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('cases of one family', () => {
  it.each(Object.keys(FAMILIES))('the cases of family %s are relocated like libbpf', async (family) => {
    const own = cases.get(family) ?? [];
    const expected = await libbpfLines(own);
    for (const [index, each] of own.entries()) {
      const lines = engineLines(each, each.kernel);
      expect({ title: each.title, lines }).toEqual({ title: each.title, lines: expected[index] });
      expect(outcomes(each, lines)).toMatchSnapshot(each.title);
    }
  });
});

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
