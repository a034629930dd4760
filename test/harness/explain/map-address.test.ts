// Tests of recognizing an address that a program took from the value of a map.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addressFromMap } from '../../../harness/explain/map-address.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { compileBpf } from '../bpf/object/compile.ts';

const SOURCE = `
struct kept { u64 *address; u64 *other; };
struct { __uint(type, 1); __uint(max_entries, 1); __type(key, u32); __type(value, struct kept); } map SEC(".maps");
static struct kept *(*look_up)(void *map, void *key) = (void *)1;
static u64 (*now)(void) = (void *)5;
SEC("raw_tp/sys_enter") int from_map(u64 *ctx) { u32 key = 0; struct kept *kept = look_up(&map, &key); return kept && kept->other ? *kept->other : 0; }
SEC("raw_tp/sys_enter") int behind_call(u64 *ctx) { u32 key = 0; struct kept *kept = look_up(&map, &key); if (!kept) return 0; u64 *address = kept->address; return now() + *address; }
SEC("raw_tp/sys_enter") int from_context(u64 *ctx) { return *(u64 *)ctx[1]; }
SEC("raw_tp/sys_enter") int value(u64 *ctx) { u32 key = 0; struct kept *kept = look_up(&map, &key); return kept ? (u64)kept->address : 0; }
`;

it('an address from the value of a map is found by the read of the value and the helper that found it, and no other address is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'map-address-'));
  try {
    const object = readBpfObject(await readFile(await compileBpf(folder, 'addresses', SOURCE)), 'addresses');
    const found = object.programs.map(({ name, insns }) => {
      const each = Array.from({ length: insns }, (_, insn) => addressFromMap(object, { program: name, insn }));
      return `${name}: ${each.flatMap((from, insn) => (from ? [`insn ${insn} uses insn ${from.insn}, ${from.call}`] : [])).join('; ')}`;
    });
    expect(found).toMatchInlineSnapshot(`
      [
        "from_map: insn 10 uses insn 8, bpf_map_lookup_elem",
        "behind_call: insn 10 uses insn 8, bpf_map_lookup_elem",
        "from_context: ",
        "value: ",
      ]
    `);
  } finally {
    await rm(folder, { recursive: true });
  }
});
