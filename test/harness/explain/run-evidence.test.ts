// Explains failures of a run whose cause or guard only the prediction shows.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from '../run/real-run.ts';

const SOURCE = `#include <bpf/bpf_tracing.h>
struct inode { unsigned long i_ino; } access_index;
struct dentry { struct inode *d_inode; } access_index;
struct task_struct { unsigned int __state; int no_such; } access_index;
struct task_struct__old { long state; } access_index;
u64 seen;
SEC("fentry/vfs_unlink") int BPF_PROG(unlink_old, struct inode *dir, struct dentry *entry) { seen = entry->d_inode->i_ino; return 0; }
SEC("raw_tp/sched_process_exec") int guarded(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	if (bpf_core_field_exists(task->__state)) seen = BPF_CORE_READ(task, __state);
	else seen = BPF_CORE_READ((struct task_struct__old *)task, state);
	return 0;
}
`;

let folder = '';
let explanation: Explanation;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-evidence-'));
  const path = await compileBpf(folder, 'evidence', SOURCE);
  const results = await realRun([path], ['debian:5.10', 'debian:6.12']);
  const [result] = results.objects;
  if (!result) throw new Error('the run has no object');
  explanation = await explainRun(results, [{ result, bpf: readBpfObject(await readFile(path), 'evidence') }], cacheRoot(), (problem) => {
    throw new Error(problem);
  });
}, 900_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const kernelName = (id: string) => explanation.kernels.find((kernel) => kernel.id === id)?.name ?? id;

it('a failure behind an argument of another type names the argument, and no advice reads memory through it', () => {
  const own = explanation.causes.filter(({ places }) => places.some(({ program }) => program === 'unlink_old'));
  expect(own.map(({ subject }) => subject)).toEqual(['argument 2 of function vfs_unlink']);
  const [cause] = own;
  expect(cause?.situations.map(({ kernels, summary }) => [...kernels.map(kernelName), summary])).toEqual([
    ['6.12', 'argument 2 of function vfs_unlink: struct inode *dir here, but the program reads dentry.d_inode from it'],
  ]);
  expect(cause?.situations.flatMap(({ hints }) => hints).join('\n')).toMatch(/prototype on 5\.10, where the program loads: /);
  expect(cause?.advice.join('\n')).toContain('Write one program for each prototype');
  expect(cause?.advice.join('\n')).not.toMatch(/BPF_CORE_READ|probe_read/);
});

it('an access that a check keeps out is no root cause of a program that fails before the verifier reaches it', () => {
  const own = explanation.causes.filter(({ places }) => places.some(({ program }) => program === 'guarded'));
  expect(own.map(({ subject }) => subject)).toEqual(['task_struct__old.state']);
  expect(explanation.guarded.map(({ relocation, kernels }) => [relocation.access, ...kernels.map(kernelName)])).toEqual([
    ['task_struct.__state', '5.10'],
    ['task_struct__old.state', '6.12'],
  ]);
});
