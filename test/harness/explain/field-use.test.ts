// Decides whether compiled programs read a field or take its address.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { fieldUses } from '../../../harness/explain/field-use.ts';
import { compiled } from './predicted.ts';

const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define access_index __attribute__((preserve_access_index))
struct inner { int value; char text[8]; } access_index;
struct outer { int number; unsigned bits : 3; struct inner inner; } access_index;
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u64);
	__type(value, __u64);
} seen_at SEC(".maps");
__u64 seen;
static __noinline __u64 passed(const int *number) { return (__u64)number + seen; }
#define PROGRAM(name, body) SEC("raw_tp/x") int name(__u64 *ctx) { struct outer *from = (void *)ctx[0]; body; return 0; }
PROGRAM(reads, seen = BPF_CORE_READ(from, number))
PROGRAM(reads_bits, seen = BPF_CORE_READ_BITFIELD_PROBED(from, bits))
PROGRAM(reads_later, const int *at = &from->number; int copy = 0; if (bpf_get_prandom_u32() & 1) bpf_probe_read_kernel(&copy, 4, at); seen = copy)
PROGRAM(reads_text, char text[8]; bpf_core_read_str(text, 8, &from->inner.text); seen = text[0])
PROGRAM(keeps, seen = (__u64)&from->number)
PROGRAM(keeps_inner, seen = (__u64)&from->inner)
PROGRAM(uses_as_key, __u64 key = (__u64)&from->number; bpf_map_update_elem(&seen_at, &key, &key, 0))
PROGRAM(passes, seen = passed(&from->number))
SEC("tp_btf/x") int loads(__u64 *ctx) { struct outer *from = (void *)ctx[0]; seen = from->number; return 0; }
char LICENSE[] SEC("license") = "GPL";
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'field-use-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('a program that stores or passes the address of a field uses the address; others use the value', async () => {
  const [path = ''] = await compiled(folder, { uses: SOURCE });
  const object = readBpfObject(await readFile(path), path);
  const useOf = fieldUses(object);
  const uses = object.relocations.flatMap(({ program, kind }, ref) => (kind === 'byte_off' ? [[program, useOf(ref)] as const] : []));
  expect(Object.fromEntries(uses)).toMatchInlineSnapshot(`
    {
      "keeps": "address",
      "keeps_inner": "address",
      "loads": "value",
      "passes": "address",
      "reads": "value",
      "reads_bits": "value",
      "reads_later": "value",
      "reads_text": "value",
      "uses_as_key": "address",
    }
  `);
});
