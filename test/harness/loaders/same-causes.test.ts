// Compares what the loaders say of one cause: the same class and reason, or that the library refuses the object itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { grouped } from '../../../harness/base/text.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { contradictions, runLoaders } from './run-loaders.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';

const LOADERS = ['libbpf@default', 'cilium@0.22', 'cilium@0.17', 'aya@0.14', 'aya@0.13'];

const MAP = 'struct { int (*type)[1]; u32 *key; u64 *value; int (*max_entries)[4]; } m SEC(".maps");';
const LOOKUP = 'static void *(*lookup)(void *, const void *) = (void *)1;';
const READ = 'static long (*probe_read)(void *, u32, const void *) = (void *)113;';
const readOf = (access: string) =>
  `SEC("raw_tp/sched_switch") int p(u64 *ctx) { int v = 0; probe_read(&v, 4, __builtin_preserve_access_index(&${access})); return v; }`;

/** One program each, which fails for one cause. */
const SOURCES = {
  missing_field: `struct task_struct { int no_such_field; } access_index; ${READ} ${readOf('((struct task_struct *)ctx[1])->no_such_field')}`,
  missing_type: `struct no_such_type { int x; } access_index; ${READ} ${readOf('((struct no_such_type *)ctx[1])->x')}`,
  missing_kfunc: 'extern int no_such_kfunc(void *) SEC(".ksyms"); SEC("xdp") int p(void *ctx) { return no_such_kfunc(ctx); }',
  missing_symbol: 'extern void no_such_symbol SEC(".ksyms"); SEC("xdp") int p(void *ctx) { return (long)&no_such_symbol; }',
  missing_config: 'extern int CONFIG_NO_SUCH SEC(".kconfig"); SEC("xdp") int p(void *ctx) { return CONFIG_NO_SUCH; }',
  without_btf: `${MAP} ${LOOKUP} SEC("xdp") int p(void *ctx) { u32 k = 0; return lookup(&m, &k) ? 2 : 1; }`,
  null_pointer: `${MAP} ${LOOKUP} SEC("xdp") int p(void *ctx) { u32 k = 0; u64 *v = lookup(&m, &k); return *v; }`,
  large_stack: 'SEC("xdp") int p(void *ctx) { asm volatile("r1 = 0; *(u64 *)(r10 - 600) = r1;" ::: "r1"); return 2; }',
  unknown_helper: 'SEC("xdp") int p(void *ctx) { return ((long (*)(void))250)(); }',
  young_map: `struct { int (*type)[30]; u64 *value; int (*max_entries)[4]; } m SEC(".maps");
static long (*peek)(void *, void *) = (void *)89; SEC("xdp") int p(void *ctx) { u64 k = 0; return peek(&m, &k) ? 2 : 1; }`,
  unknown_map: `${MAP.replace('[1]', '[90]')} ${LOOKUP} SEC("xdp") int p(void *ctx) { u32 k = 0; return lookup(&m, &k) ? 2 : 1; }`,
  legacy_map: `struct { u32 type, key_size, value_size, max_entries, flags; } m SEC("maps") = { 30, 0, 8, 4, 0 };
static long (*peek)(void *, void *) = (void *)89; SEC("xdp") int p(void *ctx) { u64 k = 0; return peek(&m, &k) ? 2 : 1; }`,
  legacy_of_one: `struct { u32 type, key_size, value_size, max_entries, flags; } m SEC("maps") = { 30, 0, 8, 4, 0 };
static long (*peek)(void *, void *) = (void *)89; SEC("xdp") int p(void *ctx) { u64 k = 0; return peek(&m, &k) ? 2 : 1; }
SEC("xdp") int without(void *ctx) { return 2; }`,
  arena: `struct { int (*type)[33]; int (*map_flags)[1 << 10]; int (*max_entries)[4]; } m SEC(".maps");
SEC("syscall") int p(void *ctx) { asm volatile("" :: "r"(&m)); return 0; }`,
  arena_of_probe: `struct { int (*type)[33]; int (*map_flags)[1 << 10]; int (*max_entries)[4]; } m SEC(".maps");
SEC("raw_tp/sched_switch") int p(void *ctx) { asm volatile("" :: "r"(&m)); return 0; }`,
  young_ring: `struct { int (*type)[31]; int (*max_entries)[4096]; } m SEC(".maps");
SEC("raw_tp/sched_switch") int p(void *ctx) { asm volatile("" :: "r"(&m)); return 0; }`,
  missing_ops: `struct no_such_ops { int (*init)(void *); }; SEC("struct_ops/init") int p(u64 *ctx) { return 0; }
SEC(".struct_ops.link") struct no_such_ops m = { .init = (void *)p };`,
  young_ops: `struct sched_ext_ops { s32 (*init)(void); char name[128]; }; SEC("struct_ops.s/init") int p(u64 *ctx) { return 0; }
SEC(".struct_ops.link") struct sched_ext_ops m = { .init = (void *)p, .name = "m" };`,
  sleeping_probe: 'SEC("uprobe.s") int p(void *ctx) { return 0; }',
  sleeping_session: 'SEC("fsession.s/security_file_open") int p(u64 *ctx) { return 0; }',
  session: 'SEC("fsession/vfs_read") int p(u64 *ctx) { return 0; }',
  sleeping_hook: 'SEC("lsm.s/task_free") int p(u64 *ctx) { return 0; }',
  young_kfunc: `struct task_struct { int pid; } access_index; extern struct task_struct *bpf_task_from_pid(s32 pid) SEC(".ksyms");
extern void bpf_task_release(struct task_struct *task) SEC(".ksyms");
SEC("tp_btf/sched_switch") int p(u64 *ctx) { struct task_struct *task = bpf_task_from_pid(1); if (task) bpf_task_release(task); return 0; }`,
  weak_kfunc: `extern int no_such_kfunc(void *) __attribute__((weak)) SEC(".ksyms"); SEC("xdp") int p(void *ctx) { return no_such_kfunc(ctx); }`,
  young_type: 'SEC("netfilter") int p(void *ctx) { return 1; }',
  missing_function: 'SEC("fentry/no_such_function") int p(void *ctx) { return 0; }',
  missing_probe: 'SEC("kprobe/no_such_function") int p(void *ctx) { return 0; }',
  hidden_probe: 'SEC("kprobe/blk_account_io_done") int p(void *ctx) { return 0; }',
  hidden_function: 'SEC("fexit/blk_account_io_done") int p(void *ctx) { return 0; }',
  module_probe: 'SEC("kprobe/xfs_file_open") int p(void *ctx) { return 0; }',
  module_function: 'SEC("fentry/xfs_file_open") int p(void *ctx) { return 0; }',
  module_tracepoint: 'SEC("tracepoint/xfs/xfs_file_fsync") int p(void *ctx) { return 0; }',
  missing_tracepoint: 'SEC("tracepoint/sched/no_such_event") int p(void *ctx) { return 0; }',
} as const;

async function objects(folder: string): Promise<string[]> {
  const paths = await Promise.all(Object.entries(SOURCES).map(async ([name, source]) => compileBpf(folder, name, source)));
  const plain = paths.find((path) => path.includes('without_btf')) ?? '';
  await execa('llvm-objcopy', ['--remove-section=.BTF', '--remove-section=.BTF.ext', plain]);
  return paths;
}

/** For each object and kernel the verdicts, each with the loaders that gave it. */
function table({ cells, kernels }: Results): Record<string, string[]> {
  const series = new Map(kernels.map(({ id, series: name }) => [id, name]));
  const rows = cells.flatMap(({ kernel, object, programs: [program] }) => {
    const [name = '', loader = 'libbpf'] = object.split('.bpfel')[0]?.split('+') ?? [];
    return program ? [{ where: `${name} ${series.get(kernel)}`, loader: object.split('+')[1] ?? loader, program }] : [];
  });
  return Object.fromEntries(
    [...grouped(rows, ({ where }) => where)].map(([where, each]) => {
      const verdicts = grouped(each, ({ program }) => (program.class === null ? program.status : `${program.class}: ${program.reason}`));
      return [where, [...verdicts].map(([verdict, by]) => `${by.map(({ loader }) => loader).join(' ')}: ${verdict}`)];
    }),
  );
}

test.skipIf(goIsMissing || rustIsMissing)(
  'all loaders give one cause the same class and reason, unless the library refuses the object before it asks the kernel',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'same-causes-'));
    try {
      const results = await runLoaders(await objects(folder), ['debian:5.10', 'debian:6.12'], LOADERS, 'attach');
      expect(table(results)).toMatchSnapshot();
      expect(contradictions(results)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  600_000,
);
