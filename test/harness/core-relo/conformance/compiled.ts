// Compiles the families of cases: the object of each, and the types of each kernel.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { readElf, sectionNamed } from '../../../../harness/bpf/elf/elf.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../../harness/core-relo/candidates.ts';
import { buildBtf } from '../../bpf/btf/build-btf.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';
import type { OracleCell } from '../oracles.ts';
import { type Family, MACROS } from './cases.ts';
import { FIELD_FAMILIES } from './fields.ts';
import { TYPE_FAMILIES } from './types.ts';

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
export async function btfOf(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const read = readElf(bytes);
  return (read.ok ? sectionNamed(read.elf, '.BTF')?.bytes : undefined) ?? bytes;
}

async function writeTarget(folder: string, name: string, target: Family['targets'][string]): Promise<string> {
  if (typeof target === 'string') return compileBpf(folder, name, target);
  const path = join(folder, `${name}.btf`);
  await writeFile(path, buildBtf(target));
  return path;
}

const FAMILIES: Readonly<Record<string, Family>> = { ...FIELD_FAMILIES, ...TYPE_FAMILIES };

/** The names of all families. */
export const FAMILY_NAMES = Object.keys(FAMILIES);

/** One case of a family: the object, and a kernel. */
export interface Case extends OracleCell {
  family: string;
  title: string;
  kernel: KernelTypes;
}

/** Compiles one family into a folder. */
export async function casesOf(folder: string, family: string): Promise<Case[]> {
  const found = FAMILIES[family];
  if (!found) throw new Error(`there is no family ${family}`);
  const { local, targets, matches } = found;
  const file = family.replaceAll(' ', '-');
  const object = await compileBpf(folder, file, MACROS + local);
  if (matches) await turnIntoMatches(object);
  const bpf = readBpfObject(await readFile(object), family);
  const cases: Case[] = [];
  for (const [index, [title, target]] of Object.entries(targets).entries()) {
    const btf = await writeTarget(folder, `${file}-${index}`, target);
    cases.push({ family, title, object, bpf, btf, kernel: { vmlinux: indexNames(mustReadBtf(await btfOf(btf))), modules: [] } });
  }
  return cases;
}
