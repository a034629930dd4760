// Tests of a program whose symbol claims more bytes than its section has.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSymbols, SHT_SYMTAB } from '../../../../harness/bpf/elf/elf.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { loaderRules } from '../../../../harness/core-relo/loader.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { buildBtf } from '../btf/build-btf.ts';
import { compileBpf } from './compile.ts';
import { mustReadBtf } from './samples.ts';

/** Of Elf64_Sym. */
const SYMBOL_BYTES = 24;
const SIZE_AT = 16;

it('a program whose symbol is larger than its section ends with it, so that predictions for every loader come to an end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'damaged-size-'));
  try {
    const bytes = await readFile(await compileBpf(folder, 'damaged', 'SEC("uprobe.s") int sleeps(void *ctx) { return 0; }'));
    const { elf } = readBpfObject(bytes, 'damaged');
    const table = elf.sections.find(({ type }) => type === SHT_SYMTAB)?.bytes ?? new Uint8Array();
    const at = readSymbols(elf).findIndex(({ name }) => name === 'sleeps');
    new DataView(table.buffer, table.byteOffset).setBigUint64(at * SYMBOL_BYTES + SIZE_AT, 1n << 47n, true);
    const damaged = readBpfObject(bytes, 'damaged');
    expect(damaged.programs.map(({ name, insns }) => `${name} ${insns}`)).toEqual(['sleeps 2']);
    const int = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
    const kernel = { vmlinux: indexNames(mustReadBtf(buildBtf([int]))), modules: [] };
    for (const loader of [undefined, 'cilium@0.22', 'aya@0.14'])
      expect(predictCell(damaged, kernel, loaderRules(loader)).programs.map(({ name }) => name)).toEqual(['sleeps']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
