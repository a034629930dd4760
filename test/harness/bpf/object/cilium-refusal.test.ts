// Tests of objects that cilium/ebpf does not open: of other compilers, and of linked sources with static names.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ciliumRefusal } from '../../../../harness/bpf/object/cilium-refusal.ts';
import { sectionNamed } from '../../../../harness/bpf/elf/elf.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { compileBpf } from './compile.ts';

const SOURCE = `
#define MAP(name) static struct { __uint(type, 1); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } name SEC(".maps")
MAP(counts_1);
MAP(counts_2);
static void *(*look_up)(void *map, void *key) = (void *)1;
SEC("raw_tp/sys_enter") int first_1(u64 *ctx) { u32 key = 0; return look_up(&counts_1, &key) != 0; }
SEC("raw_tp/sys_exit") int first_2(u64 *ctx) { u32 key = 0; return look_up(&counts_2, &key) != 0; }
`;
const FUNCTIONS_LENGTH = 12;
const LINES_LENGTH = 20;

let folder = '';
let compiled = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cilium-refusal-'));
  compiled = await readFile(await compileBpf(folder, 'names', SOURCE), 'latin1');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Both releases' refusals of the object with another name in place of one, and without a part of .BTF.ext. */
function refusals(from: string, to: string, emptied?: number): (string | null)[] {
  const object = readBpfObject(Buffer.from(compiled.replaceAll(from, to), 'latin1'), 'names');
  const extension = sectionNamed(object.elf, '.BTF.ext');
  if (emptied !== undefined) extension?.bytes.fill(0, emptied, emptied + 4);
  return [ciliumRefusal(object, '0.22'), ciliumRefusal(object, '0.17')];
}

it('static maps, functions of one name and empty parts of .BTF.ext are refused in the words of cilium/ebpf', () => {
  const found = {
    'two maps of one name': refusals('counts_2', 'counts_1'),
    'two programs of one name': refusals('first_2', 'first_1'),
    'no information about functions': refusals('', '', FUNCTIONS_LENGTH),
    'no information about lines': refusals('', '', LINES_LENGTH),
  };
  expect(found).toMatchInlineSnapshot(`
    {
      "no information about functions": [
        "load BTF: parsing BTF function info: can't read record size: EOF",
        "load BTF: parsing BTF function info: can't read record size: EOF",
      ],
      "no information about lines": [
        "load BTF: parsing BTF line info: can't read record size: EOF",
        "load BTF: parsing BTF line info: can't read record size: EOF",
      ],
      "two maps of one name": [
        "load BTF maps: section .maps: contains 2 symbols but 1 btf.Vars",
        "load BTF maps: section .maps: contains 2 symbols but 1 btf.Vars",
      ],
      "two programs of one name": [
        "load programs: duplicate program name first_1",
        "load programs: duplicate program name first_1",
      ],
    }
  `);
});
