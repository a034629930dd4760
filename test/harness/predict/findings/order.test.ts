// Tests that of several failures of a program the one is predicted that the loader meets first.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../../harness/core-relo/candidates.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { compiled } from '../../explain/predicted.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';
import { pulledBtf } from '../../../kernels/pulled.ts';
import { realRun } from '../../run/real-run.ts';

const HEAD = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
struct task_struct___x { long nope; } __attribute__((preserve_access_index));
__u64 seen;
char LICENSE[] SEC("license") = "GPL";
`;

/** Each object has several faults. The name says which one libbpf meets first. */
const SOURCES = {
  kernel_function: `${HEAD}
extern int CONFIG_NO_SUCH_THING __kconfig;
extern void bpf_no_such_function(void) __ksym;
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 0); __type(key, int); __type(value, int); } zero SEC(".maps");
SEC("kprobe/vfs_read") int a(void *ctx) { bpf_no_such_function(); return CONFIG_NO_SUCH_THING; }
SEC("kprobe/no_such_target") int b(void *ctx) { return 0; }
`,
  variable: `${HEAD}
extern const int no_such_variable __ksym;
extern int CONFIG_NO_SUCH_THING __kconfig __weak;
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 0); __type(key, int); __type(value, int); } zero SEC(".maps");
SEC("kprobe/vfs_read") int a(void *ctx) { return (long)&no_such_variable + CONFIG_NO_SUCH_THING; }
`,
  value: `${HEAD}
extern _Bool CONFIG_HZ __kconfig;
extern void bpf_no_such_function(void) __ksym;
SEC("kprobe/vfs_read") int a(void *ctx) { bpf_no_such_function(); return CONFIG_HZ; }
`,
  target: `${HEAD}
SEC("fentry/no_such_target") int a(void *ctx) { seen = BPF_CORE_READ((struct task_struct___x *)bpf_get_current_task(), nope); return 0; }
`,
} as const satisfies Readonly<Record<string, string>>;

let folder = '';
let paths: readonly string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'order-test-'));
  paths = await compiled(folder, SOURCES);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The class of the certain failure of each program: `OBJECT/PROGRAM CLASS`. */
async function predictedWith(changes: Partial<KernelTypes>): Promise<string[]> {
  const vmlinux = indexNames(mustReadBtf(await readFile((await pulledBtf('debian:6.12')).path)));
  const config = 'CONFIG_HZ=250\n';
  const found = await Promise.all(
    paths.map(async (path) => {
      const object = readBpfObject(await readFile(path), path);
      return predictCell(object, { vmlinux, modules: [], config, ...changes }).programs.map(
        ({ name, failure }) => `${basename(path, '.bpf.o')}/${name} ${failure?.class}`,
      );
    }),
  );
  return found.flat();
}

test('of several failures the first in the order of libbpf is predicted, as a guest finds it', async () => {
  const predicted = await predictedWith({ inPackage: () => [] });
  expect(predicted).toEqual([
    'kernel_function/a kfunc-missing',
    'kernel_function/b kfunc-missing',
    'target/a attach-target-missing',
    'value/a kconfig-missing',
    'variable/a ksym-missing',
  ]);
  const { cells } = await realRun(paths, ['debian:6.12']);
  expect(cells.flatMap(({ object, programs }) => programs.map(({ name, class: failure }) => `${object}/${name} ${failure}`))).toEqual(
    predicted,
  );
}, 300_000);

test('a name that only a module could have decides nothing while the modules are unknown', async () => {
  expect(await predictedWith({})).toEqual([
    'kernel_function/a kconfig-missing',
    'kernel_function/b kconfig-missing',
    'target/a core-field-missing',
    'value/a kconfig-missing',
    'variable/a map-create-failed',
  ]);
});
