// Tests of types as C text, compared with the C source that was compiled.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { vlenOf } from '../../../../harness/bpf/btf/btf.ts';
import { typeText } from '../../../../harness/bpf/btf/type-text.ts';
import { findType, memberOf } from '../../../../harness/bpf/btf/types.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { compileBpf } from '../object/compile.ts';
import { buildBtf } from './build-btf.ts';
import { mustReadBtf } from '../object/samples.ts';

const DECLARATIONS = [
  ['int', '@'],
  ['const char *', '@'],
  ['char *const', '@'],
  ['struct other *', '@'],
  ['volatile long', '@'],
  ['char[16]', '@[16]'],
  ['int *[3]', '*@[3]'],
  ['int (*)[3]', '(*@)[3]'],
  ['int[2][5]', '@[2][5]'],
  ['void (*)(void)', '(*@)(void)'],
  ['int (*)(struct other *, const char *, ...)', '(*@)(struct other *, const char *, ...)'],
  ['int (*[4])(int)', '(*@[4])(int)'],
  ['enum colour', '@'],
] as const;

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'type-text-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Declares a member of a type: `char[16]` becomes `char member[16]`. */
function declaration([text, how]: readonly [string, string], index: number): string {
  const name = `m${index}`;
  const base = /^[^([]*?(?=\s*[*]*[[(]|$)/.exec(text)?.[0] ?? text;
  return how === '@' ? `${text} ${name};` : `${base} ${how.replace('@', name)};`;
}

it('the text of every member equals its source', async () => {
  const members = DECLARATIONS.map(declaration).join(' ');
  const source = `enum colour { RED }; struct other; struct all { ${members} } all = {}; SEC("raw_tp/x") int f(u64 *c) { return all.m0; }`;
  const { btf } = readBpfObject(await readFile(await compileBpf(folder, 'texts', source)), 'texts');
  const id = btf && findType(btf, 'struct', 'all');
  if (!btf || id === null) throw new Error('no such struct');
  const texts = Array.from({ length: vlenOf(btf, id) }, (_, index) => typeText(btf, memberOf(btf, id, index)?.type ?? 0));
  expect(texts).toEqual(DECLARATIONS.map(([text]) => text));
});

it('the text of circular types is finite, and names anonymous types', () => {
  const btf = mustReadBtf(
    buildBtf([
      { name: '', kind: 2, size: 2 },
      { name: '', kind: 10, size: 1 },
      { name: '', kind: 4, vlen: 0, size: 0 },
    ]),
  );
  expect([1, 3, 0, 99].map((id) => typeText(btf, id))).toMatchInlineSnapshot(`
    [
      "...",
      "struct {...}",
      "void",
      "void",
    ]
  `);
});
