// Explains failures and semantic changes by arguments of hooks, as seen in guests.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { HOOK_PROGRAMS } from '../predict/hook-programs.ts';
import { realRun } from '../run/real-run.ts';

let folder = '';
let results: Results;
let explanation: Explanation;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arguments-explained-'));
  const path = await compileBpf(folder, 'hooks', HOOK_PROGRAMS);
  results = await realRun([path], ['debian:5.10', 'debian:6.12']);
  const [result] = results.objects;
  if (!result) throw new Error('the run has no object');
  const objects = [{ result, bpf: readBpfObject(await readFile(path), 'hooks') }];
  explanation = await explainRun(results, objects, cacheRoot(), (problem) => {
    throw new Error(problem);
  });
}, 900_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const nameOf = (id: string) => explanation.kernels.find((kernel) => kernel.id === id)?.name ?? id;

it('the root cause names the hook, the position and the prototypes, and gives no advice to read memory through a number', () => {
  const causes = explanation.causes.map(({ subject, situations, advice }) => ({
    subject,
    situations: situations.map(({ kernels, summary, hints }) => [kernels.map(nameOf).join(' '), summary, ...hints].join('; ')),
    advice,
  }));
  expect(causes.toSorted((a, b) => a.subject.localeCompare(b.subject))).toMatchSnapshot();
});

it('a program that loads but reads another type from an argument has a semantic change, in the results too', () => {
  const places = explanation.semanticChanges.map(({ program, what, kernels }) => `${program} on ${kernels.map(nameOf).join(' ')}: ${what}`);
  expect(places.toSorted()).toMatchInlineSnapshot(`
    [
      "entry on 5.10: argument 2 of function vfs_unlink is struct dentry *dentry here, but the program reads inode.i_ino from it",
      "hook_before on 6.12: argument 2 of LSM hook inode_setattr is struct dentry *dentry here, but the program reads iattr.ia_valid from it",
      "number_read on 6.12: argument 4 of tracepoint sched_switch is unsigned int here, a number, but the program reads task_struct.pid at this address",
    ]
  `);
  const recorded = results.cells.flatMap(({ relocations }) => relocations.flatMap(({ suspicious }) => suspicious ?? []));
  expect(recorded.toSorted()).toEqual(explanation.semanticChanges.map(({ what }) => what).toSorted());
});

it('the root cause of a pointer that an older verifier lets no program read names the argument and other ways to its value', async () => {
  const source = `#include <bpf/bpf_tracing.h>
u64 seen;
SEC("fentry/call_rcu") int BPF_PROG(to_function, void *head, void *func) { seen = (u64)func; return 0; }`;
  const path = await compileBpf(folder, 'pointer', source);
  const run = await realRun([path], ['debian:6.12']);
  const bpf = readBpfObject(await readFile(path), 'pointer');
  const { causes } = await explainRun(
    run,
    run.objects.map((result) => ({ result, bpf })),
    cacheRoot(),
    (problem) => {
      throw new Error(problem);
    },
  );
  expect(causes.map(({ subject, advice }) => [subject, advice.at(-1)])).toEqual([
    ['argument 2 of function call_rcu', expect.stringContaining('bpf_get_func_arg()')],
  ]);
}, 900_000);
