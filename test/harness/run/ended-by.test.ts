// Tests that the reason of a failed load is the step that ended it, not an earlier one: externs that resolve, then a failing map.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from './real-run.ts';

const HEAD = `
#define __uint(name, value) int (*name)[value]
#define __kconfig SEC(".kconfig")
#define __ksym SEC(".ksyms")
static long (*get_stackid)(void *ctx, void *map, u64 flags) = (void *)27;
`;
/** A stack trace map needs a value size and a number of entries. */
const STACKS = `struct { __uint(type, 7); __uint(key_size, 4); } stacks SEC(".maps");
`;
const VERSION = `extern u32 LINUX_KERNEL_VERSION __kconfig; u32 seen;
`;

const SOURCES = {
  kconfig: `${HEAD}${STACKS}${VERSION}
SEC("kprobe/do_exit") int on_exit(void *ctx) { return LINUX_KERNEL_VERSION > 1 ? get_stackid(ctx, &stacks, 0) : 0; }`,
  ksym: `${HEAD}${STACKS}
extern const void init_task __ksym; u64 address;
SEC("kprobe/do_exit") int on_exit(void *ctx) { address = (u64)&init_task; return get_stackid(ctx, &stacks, 0); }`,
  kfunc: `${HEAD}${STACKS}
extern void bpf_rcu_read_lock(void) __ksym; extern void bpf_rcu_read_unlock(void) __ksym;
SEC("tp_btf/sched_switch") int on_switch(u64 *ctx) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return get_stackid(ctx, &stacks, 0); }`,
  map_type: `${HEAD}${VERSION}
struct { __uint(type, 33); __uint(max_entries, 16); } arena SEC(".maps");
static void *(*lookup)(void *map, const void *key) = (void *)1;
SEC("kprobe/do_exit") int on_exit(void *ctx) { seen = LINUX_KERNEL_VERSION; return (int)(long)lookup(&arena, &seen); }`,
  target: `${HEAD}${VERSION}
SEC("fentry/no_such_function") int on_nothing(void *ctx) { seen = LINUX_KERNEL_VERSION; return 0; }`,
};

let folder = '';
const objects: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ended-by-'));
  for (const [name, source] of Object.entries(SOURCES)) objects.push(await compileBpf(folder, name, source));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test('an object with externs that resolve fails because of a later map or attach target', async () => {
  const { cells } = await realRun(objects, ['debian:5.10', 'debian:7.3']);
  const summaries = cells.map(
    ({ object, kernel, class: failure, reason }) => `${kernel.replace(/^debian-(\d+\.\d+).*/, '$1')} ${object} ${failure}: ${reason}`,
  );
  expect(summaries.toSorted()).toMatchInlineSnapshot(`
    [
      "5.10 kconfig.bpfel map-create-failed: map 'stacks' (stack_trace): cannot be created: EINVAL",
      "5.10 kfunc.bpfel kfunc-missing: kfunc bpf_rcu_read_lock: not in this kernel's BTF, and this kernel has no BTF of modules",
      "5.10 ksym.bpfel map-create-failed: map 'stacks' (stack_trace): cannot be created: EINVAL",
      "5.10 map_type.bpfel map-type-unsupported: map 'arena' (arena): its type is unknown to this kernel: EINVAL",
      "5.10 target.bpfel attach-target-missing: attach target no_such_function (tracing) is not in this kernel's BTF, and this kernel has no BTF of modules",
      "7.3 kconfig.bpfel map-create-failed: map 'stacks' (stack_trace): cannot be created: EINVAL",
      "7.3 kfunc.bpfel map-create-failed: map 'stacks' (stack_trace): cannot be created: EINVAL",
      "7.3 ksym.bpfel map-create-failed: map 'stacks' (stack_trace): cannot be created: EINVAL",
      "7.3 map_type.bpfel map-create-failed: map 'arena' (arena): cannot be created: EINVAL",
      "7.3 target.bpfel attach-target-missing: attach target no_such_function (tracing) is not in this kernel's BTF",
    ]
  `);
}, 300_000);
