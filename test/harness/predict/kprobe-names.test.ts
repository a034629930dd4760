// Compares predictions about the names and patterns of kprobes with guests: names of several functions, of none, and of untraced ones.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { findKernels } from '../../../harness/kernel-btf/kernels.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { predictMatrix } from '../../../harness/predict/result.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { pulledWithModules } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';

const KERNELS = ['debian:5.10', 'debian:6.12'];

/** vmlinux has several functions c_start on each kernel. */
const PROGRAMS = [
  ['kprobe/c_start', 'one_of_several'],
  ['kretprobe/c_start', 'end_of_several'],
  ['kprobe.multi/c_start', 'several'],
  ['kprobe.multi/c_star*', 'pattern'],
  ['kprobe.multi/no_such_function', 'missing'],
  ['kprobe.session/no_such_function', 'missing_session'],
  ['kprobe.session/vfs_read', 'session'],
  ['kprobe.multi/native_sched_clock', 'untraced'],
  ['kprobe.multi/start_kernel', 'freed'],
  ['kprobe.multi/jiffies', 'variable'],
] as const;
const SOURCE = PROGRAMS.map(([section, name]) => `SEC("${section}") int ${name}(void *ctx) { return 0; }`).join('\n');

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'kprobe-names-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** An object with these programs, attached on the kernels, and its prediction: the failure of each program by kernel. */
async function failuresOf(name: string, source: string) {
  await pulledWithModules(KERNELS);
  const object = await compileBpf(folder, name, source);
  const { objects } = await readInputs({ sources: [{ pattern: object, settings: { mode: 'attach' } }], directory: '/' });
  const { prediction } = await predictMatrix(objects, (await findKernels(KERNELS, cacheRoot())).kernels);
  const { cells } = await realRun([], KERNELS, { objects });
  const text = (failure: { class: string | null; reason: string | null } | null) => failure && `${failure.class}: ${failure.reason}`;
  return {
    observed: cells.map(({ programs }) => Object.fromEntries(programs.map((each) => [each.name, each.class && text(each)]))),
    predicted: prediction.cells.map(({ programs }) => Object.fromEntries(programs.map((each) => [each.name, text(each.predicted)]))),
    possible: prediction.cells.map(({ programs }) => Object.fromEntries(programs.map((each) => [each.name, text(each.possible)]))),
  };
}

test('a kprobe fails on a name as predicted, with the same class and reason', { timeout: 900_000 }, async () => {
  const { observed, predicted } = await failuresOf('names', SOURCE);
  expect(predicted).toEqual(observed);
  expect(observed).toMatchInlineSnapshot(`
    [
      {
        "end_of_several": "attach-failed: function c_start is ambiguous: vmlinux has 3 symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)",
        "freed": "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
        "missing": "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
        "missing_session": "attach-failed: attach type trace_kprobe_session is unknown to this kernel",
        "one_of_several": "attach-failed: function c_start is ambiguous: vmlinux has 3 symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)",
        "pattern": "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
        "session": "attach-failed: attach type trace_kprobe_session is unknown to this kernel",
        "several": "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
        "untraced": "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
        "variable": "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
      },
      {
        "end_of_several": "attach-failed: function c_start is ambiguous: vmlinux has 3 symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)",
        "freed": "attach-failed: function start_kernel is in init memory, which this kernel frees after it booted",
        "missing": "attach-target-missing: attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
        "missing_session": "attach-target-missing: attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
        "one_of_several": "attach-failed: function c_start is ambiguous: vmlinux has 3 symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)",
        "pattern": null,
        "session": null,
        "several": null,
        "untraced": "attach-failed: function native_sched_clock is notrace: this kernel has it, but lets no program attach to it",
        "variable": "attach-target-missing: attach target jiffies (kprobe) is a symbol of this kernel, but no function",
      },
    ]
  `);
});

test('if-supported loads a kprobe on a function that the kernel traces under another name of it', { timeout: 900_000 }, async () => {
  const object = await compileBpf(folder, 'alias', 'SEC("kprobe/__x64_sys_getpid") int call(void *ctx) { return 0; }');
  const settings = { mode: 'attach', programs: { call: { autoload: 'if-supported' } } } as const;
  const { objects } = await readInputs({ sources: [{ pattern: object, settings }], directory: '/' });
  const { cells } = await realRun([], KERNELS, { objects });
  expect(cells.flatMap(({ programs }) => programs.map(({ status, reason }) => ({ status, reason })))).toEqual([
    { status: 'pass', reason: null },
    { status: 'pass', reason: null },
  ]);
});

test('a kprobe on a pattern that no function matches may fail, because a module may have one', { timeout: 900_000 }, async () => {
  const { observed, predicted, possible } = await failuresOf(
    'patterns',
    'SEC("kprobe.multi/no_such_f?nction*") int none(void *ctx) { return 0; }',
  );
  expect({ observed, predicted, possible }).toMatchInlineSnapshot(`
    {
      "observed": [
        {
          "none": "attach-target-missing: no function to which programs can attach matches the pattern no_such_f?nction*",
        },
        {
          "none": "attach-target-missing: no function to which programs can attach matches the pattern no_such_f?nction*",
        },
      ],
      "possible": [
        {
          "none": "attach-target-missing: no function to which programs can attach matches the pattern no_such_f?nction*",
        },
        {
          "none": "attach-target-missing: no function to which programs can attach matches the pattern no_such_f?nction*",
        },
      ],
      "predicted": [
        {
          "none": null,
        },
        {
          "none": null,
        },
      ],
    }
  `);
});
