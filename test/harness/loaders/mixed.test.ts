// Test of one configuration with objects for libbpf, cilium/ebpf and aya: every command follows the loader of each row.
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { readResults } from '../../../reports/json.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { corematrix } from '../cli/command.ts';
import { sample } from '../run/real-run.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';
import { verdictsByKernels } from './run-loaders.ts';

/** libbpf refuses the type of values. */
const GO = `
struct { __uint(type, 27 /* ring buffer */); __uint(max_entries, 4096); __type(value, u64); } events SEC(".maps");
SEC("tp_btf/sched_process_exec") int on_exec(u64 *ctx) { u64 one = 1; return bpf_ringbuf_output(&events, &one, 8, 0) & 0; }
`;

const CONFIG = (folder: string) => `
kernels: [debian:5.10, debian:7.3]
objects:
  - { path: ${sample('task_state')} }
  - { path: ${sample('task_state')}, name: in-go, loader: cilium@0.22 }
  - { path: ${folder}/events_bpfel.o, loader: cilium@0.17, mode: attach }
  - { path: ${join(PACKAGE_ROOT, 'test/fixtures/aya-objects/fentry_fexit.o')}, loader: aya@0.14, mode: attach }
  - { path: ${sample('task_state')}, name: in-rust, loader: aya@0.13 }
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mixed-'));
  await copyFile(await compileBpf(folder, 'events', GO), join(folder, 'events_bpfel.o'));
  await writeFile(join(folder, 'corematrix.yaml'), CONFIG(folder));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function verdictsIn(report: string): Promise<string[]> {
  return verdictsByKernels(readResults(await readFile(join(folder, report, 'results.json'), 'utf8'), 'results.json'));
}

test.skipIf(goIsMissing || rustIsMissing)(
  'a configuration with objects for libbpf, cilium/ebpf and aya runs, and every command follows the loader of each row',
  { timeout: 1_200_000 },
  async () => {
    const ask = async (...words: string[]) => corematrix(folder, words);
    const { exitCode, stdout } = await ask('run', '-o', 'first');
    expect(exitCode).toBe(1);
    expect(await verdictsIn('first')).toMatchInlineSnapshot(`
      [
        "events_bpfel+cilium-0.17/on_exec: 5.10 7.3 pass",
        "fentry_fexit+aya-0.14/unlink_begins: 5.10 pass",
        "fentry_fexit+aya-0.14/unlink_begins: 7.3 fail attach-target-missing: attach target do_unlinkat (tracing) is not in this kernel's BTF",
        "fentry_fexit+aya-0.14/unlink_ends: 5.10 pass",
        "fentry_fexit+aya-0.14/unlink_ends: 7.3 fail attach-target-missing: attach target do_unlinkat (tracing) is not in this kernel's BTF",
        "fentry_fexit+aya-0.14/unlink_returns: 5.10 fail helper-unknown: helper bpf_get_func_ret#184 is unknown to this kernel",
        "fentry_fexit+aya-0.14/unlink_returns: 7.3 fail attach-target-missing: attach target do_unlinkat (tracing) is not in this kernel's BTF",
        "in-go+cilium-0.22/either_name: 5.10 7.3 pass",
        "in-go+cilium-0.22/new_name: 5.10 fail core-field-missing: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)",
        "in-go+cilium-0.22/new_name: 7.3 pass",
        "in-go+cilium-0.22/old_name: 5.10 pass",
        "in-go+cilium-0.22/old_name: 7.3 fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
        "in-rust+aya-0.13/either_name: 5.10 7.3 pass",
        "in-rust+aya-0.13/new_name: 5.10 fail core-field-missing: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)",
        "in-rust+aya-0.13/new_name: 7.3 pass",
        "in-rust+aya-0.13/old_name: 5.10 pass",
        "in-rust+aya-0.13/old_name: 7.3 fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
        "task_state/either_name: 5.10 7.3 pass",
        "task_state/new_name: 5.10 fail core-field-missing: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)",
        "task_state/new_name: 7.3 pass",
        "task_state/old_name: 5.10 pass",
        "task_state/old_name: 7.3 fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
      ]
    `);
    // One cause, whatever loader meets it.
    expect(stdout.split('\n').filter((line) => line.includes('old_name'))).toMatchInlineSnapshot(`
      [
        "  old_name         ok FAIL",
        "  old_name         ok FAIL",
        "  old_name         ok FAIL",
        "     task_state/old_name, in-go+cilium-0.22/old_name, in-rust+aya-0.13/old_name on 7.3",
      ]
    `);
    expect((await ask('explain', 'first')).stdout.match(/^ {2}\S+old_name/gm)).toMatchInlineSnapshot(`
      [
        "  task_state/old_name",
        "  in-go+cilium-0.22/old_name",
        "  in-rust+aya-0.13/old_name",
      ]
    `);

    const floors = ['libbpf@default', 'cilium@0.22', 'aya@0.13'].map(async (loader) =>
      ask('floor', sample('task_state'), '--loader', loader),
    );
    const found = (await Promise.all(floors)).map((each) => each.stdout.split('\n').slice(0, 2).join(''));
    expect(found).toMatchInlineSnapshot(`
      [
        "task_state  old_name: loads on 5.10",
        "in-go+cilium-0.22  old_name: loads on 5.10",
        "in-rust+aya-0.13  old_name: loads on 5.10",
      ]
    `);

    const again = await ask('rerun', 'first', '7.3/in-go+cilium-0.22');
    expect(again.stdout.match(/^ {2}\S+ +(?:ok|FAIL)$/gm)).toEqual(['  old_name    FAIL', '  new_name      ok', '  either_name   ok']);

    expect((await ask('expectations', 'update', 'first', '--write')).exitCode).toBe(0);
    for (const part of ['1', '2']) expect((await ask('run', '-o', part, '--shard', `${part}/2`)).exitCode).toBe(0);
    expect((await ask('merge', '1', '2', '-o', 'merged', '--baseline', 'first')).exitCode).toBe(0);
    const expected = (await verdictsIn('first')).map((line) => line.replace(' fail ', ' xfail '));
    expect(await verdictsIn('merged')).toEqual(expected.toSorted());
  },
);
