// Cases of every family there is, each against libbpf's own functions: the lines, and the values as a person can check them.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../harness/btf/names.ts';
import { readElf, sectionNamed } from '../../../harness/elf/elf.ts';
import { textRecords } from '../../../harness/libbpf-log/lines.ts';
import { readBpfObject } from '../../../harness/object/object.ts';
import { relocationLedger } from '../../../harness/relocation/ledger.ts';
import { readAttempt } from '../../../harness/verdict/attempt.ts';
import { buildBtf } from '../btf/build-btf.ts';
import { compileBpf } from '../object/compile.ts';
import { mustReadBtf } from '../object/samples.ts';
import { type Family, MACROS } from './conformance/cases.ts';
import { FIELD_FAMILIES } from './conformance/fields.ts';
import { TYPE_FAMILIES } from './conformance/types.ts';
import { engineLines, libbpfLines, type OracleCell } from './oracles.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const TYPE_EXISTS = 8;
const TYPE_MATCHES = 12;

/** Compilers before clang 15 have no word for type_matches: the records are made from those of type_exists. */
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

/** BTF of an object, or of a file that is nothing else. */
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

/** One line for each relocation: what it is about, and what became of it. */
function outcomes({ bpf }: OracleCell, lines: readonly string[]): string[] {
  const attempt = readAttempt({ program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: textRecords(lines.join('\n')) });
  return relocationLedger(bpf, [attempt]).map(({ ref, outcome, local, target, suspicious }) => {
    const relocation = bpf.relocations[ref];
    const value = local === target ? `${local}` : `${local} -> ${target}`;
    return `${relocation?.kind} ${relocation?.access}: ${outcome} ${value}${suspicious === null ? '' : `, ${suspicious}`}`;
  });
}

describe('cases of the family', () => {
  it.each(Object.entries(FAMILIES))('%s', async (name, { local, targets, matches }) => {
    const file = name.replaceAll(' ', '-');
    const object = await compileBpf(folder, file, MACROS + local);
    if (matches) await turnIntoMatches(object);
    const bpf = readBpfObject(await readFile(object), name);
    const cells: OracleCell[] = [];
    for (const [index, target] of Object.values(targets).entries()) {
      cells.push({ object, bpf, btf: await writeTarget(`${file}-${index}`, target) });
    }
    const expected = await libbpfLines(cells);
    for (const [index, title] of Object.keys(targets).entries()) {
      const cell = cells[index];
      if (!cell) continue;
      const kernel = { vmlinux: indexNames(mustReadBtf(await btfOf(cell.btf))), modules: [] };
      const lines = engineLines(cell, kernel);
      expect({ title, lines }).toEqual({ title, lines: expected[index] });
      expect(outcomes(cell, lines)).toMatchSnapshot(title);
    }
  });
});
