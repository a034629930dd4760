// What explanations tie to a program: lines of a log that several programs share, and relocations of functions that several may call.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from '../run/real-run.ts';

const CALLS = `
struct file { int no_such; } access_index;
__noinline int reads(struct task_struct *task) { struct file *file = (void *)task; return file->no_such; }
SEC("kprobe/vfs_read") int plain(void *ctx) { static u64 (*none)(void) = (void *)100000; return none(); }
SEC("kprobe/vfs_read") int both(void *ctx) { static u64 (*none)(void) = (void *)100000; return none() ? reads(0) : 0; }
`;
const PROBES = `
SEC("kprobe/no_such_function") int first(void *ctx) { return 0; }
SEC("kprobe/no_such_function_either") int second(void *ctx) { return 0; }
`;

async function explained(source: string, mode: 'load' | 'attach') {
  const folder = await mkdtemp(join(tmpdir(), 'shared-log-'));
  try {
    const path = await compileBpf(folder, 'shared', source);
    const { objects } = await readInputs({ sources: [{ pattern: path, settings: { mode } }], directory: '/' });
    const results = await realRun([], ['debian:6.12'], { objects });
    const explainedObjects = await Promise.all(
      results.objects.map(async (result) => ({ result, bpf: readBpfObject(await readFile(path), 'shared') })),
    );
    return await explainRun(results, explainedObjects, cacheRoot(), (problem) => {
      throw new Error(problem);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('the evidence of a program that is not attached has no line about another program', { timeout: 600_000 }, async () => {
  const { causes } = await explained(PROBES, 'attach');
  const evidence = causes.map(({ places, situations }) => [places[0]?.program, situations.flatMap((situation) => situation.evidence)]);
  expect(evidence).toEqual([
    ['first', ["libbpf: prog 'first': failed to create kprobe 'no_such_function+0x0' perf event: -ENOENT"]],
    ['second', ["libbpf: prog 'second': failed to create kprobe 'no_such_function_either+0x0' perf event: -ENOENT"]],
  ]);
});

test('a relocation in a subprogram is behind the failure only of programs that call it', { timeout: 600_000 }, async () => {
  const { causes } = await explained(CALLS, 'load');
  const field = causes.find(({ subject }) => subject === 'file.no_such');
  expect(field?.places.map(({ program, fails, behind }) => [program, fails.length, behind.length])).toEqual([['both', 0, 1]]);
});
