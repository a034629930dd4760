// Tests that real kernels meet the expectations of the sample configuration.
// COREMATRIX_TEST_KERNELS=all runs every series of the mirror instead of four.
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../harness/plan/config/load.ts';
import type { Config } from '../../harness/plan/config/schema.ts';
import { type Inputs, readInputs } from '../../harness/plan/inputs/inputs.ts';
import type { Results } from '../../harness/results/schema.ts';
import { ensureLibbpf } from '../../harness/setup/libbpf.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { parseRange } from '../../harness/base/kernel-version.ts';
import { buildPrograms } from '../../programs/build.ts';
import { objectSources } from '../../harness/plan/inputs/object-sources.ts';
import { realRun } from '../harness/run/real-run.ts';
import { ALL_SERIES, LONG_TERM, testSelectors } from '../kernels/pulled.ts';

const CONFIG = join(PACKAGE_ROOT, 'programs/corematrix.yaml');
const cache = cacheRoot();
const onNote = () => {};

let config: Config = {};
let inputs: Inputs = { objects: [], problems: [] };
beforeAll(async () => {
  const { includeDir } = await ensureLibbpf({ cache, onNote });
  await buildPrograms({ includeDir, onNote });
  const placed = await loadConfig(CONFIG);
  config = placed.config;
  inputs = await readInputs(objectSources(placed, dirname(CONFIG)));
});

const expectations = () => config.expectations ?? [];

describe('the sample configuration', () => {
  it('the sample configuration finds every built object', () => {
    expect(inputs.problems).toEqual([]);
    expect(inputs.objects.length).toBeGreaterThanOrEqual(12);
  });

  it('the expectations of the samples name existing programs, have valid ranges and do not overlap', () => {
    const programs = new Set(inputs.objects.flatMap(({ file, result }) => result.programs.map(({ name }) => `${basename(file)} ${name}`)));
    const objects = new Set(inputs.objects.map(({ file }) => basename(file)));
    const strangers = expectations().filter(({ object, program }) =>
      program === undefined ? !objects.has(object) : !programs.has(`${object} ${program}`),
    );
    expect(strangers).toEqual([]);
    for (const { kernels } of expectations()) if (kernels !== undefined) parseRange(kernels);
    const subjects = expectations().map(({ object, program }) => `${object} ${program ?? ''}`);
    expect(new Set(subjects).size).toBe(subjects.length);
  });
});

/** One line for each program, with one word for each kernel: `ok`, or the class of the failure. */
function table({ cells, kernels, objects }: Results): string[] {
  return objects.flatMap(({ id, programs }) =>
    programs.map(({ name }) => {
      const outcomes = kernels.map((kernel) => {
        const cell = cells.find((one) => one.kernel === kernel.id && one.object === id);
        const program = cell?.programs.find((one) => one.name === name);
        if (program?.class) return program.class;
        if (program?.status === 'pass') return 'ok';
        return program?.status === 'skip' ? 'skip' : 'none';
      });
      return `${id} ${name}: ${outcomes.join(' ')}`;
    }),
  );
}

describe('sample programs on real kernels', () => {
  let results: Results;
  beforeAll(async () => {
    results = await realRun([], await testSelectors(), { objects: inputs.objects, expectations: expectations() });
  }, 900_000);

  it('sample programs have the expected outcome and class on every kernel', () => {
    const surprises = results.cells.flatMap(({ kernel, object, programs }) =>
      programs
        .filter(({ status, reason }) => status !== 'pass' && status !== 'xfail' && !(status === 'skip' && reason !== null))
        .map(({ name, status, class: failure, reason }) => ({ kernel, object, name, status, failure, reason })),
    );
    expect(surprises).toEqual([]);
    expect(results.cells.length).toBe(results.kernels.length * inputs.objects.length);
  });

  it.skipIf(ALL_SERIES)('sample programs fail for the intended reasons', () => {
    expect(results.kernels.slice(0, -1).map(({ series }) => series)).toEqual(LONG_TERM);
    expect(table(results)).toMatchInlineSnapshot(`
      [
        "ambiguous_type any_of_them: core-ambiguous core-ambiguous core-ambiguous core-ambiguous",
        "ambiguous_type the_one_with_channels: ok ok ok ok",
        "array_length start_of_name: ok ok ok ok",
        "attach_targets function_gone: ok ok ok attach-target-missing",
        "attach_targets event_gone: ok attach-target-missing attach-target-missing attach-target-missing",
        "attach_targets ingress: attach-failed attach-failed ok ok",
        "attach_targets on_exec: ok ok ok ok",
        "attach_targets each_task: ok ok ok ok",
        "attach_targets any_function: ok ok ok ok",
        "attach_targets packet_arrives: ok ok ok ok",
        "attach_targets nowhere: ok ok ok ok",
        "attach_targets packet_leaves: ok ok ok ok",
        "attach_targets on_lookup: ok ok ok ok",
        "attach_targets on_tick: ok ok ok ok",
        "bloom_filter remember_exit: map-type-unsupported ok ok ok",
        "choices filter_packets: skip skip ok ok",
        "choices on_unlink: ok ok ok ok",
        "choices remember: ok ok ok ok",
        "choices unlink_fentry: ok ok ok skip",
        "choices unlink_kprobe: skip skip skip skip",
        "choices newest_helper: skip ok ok ok",
        "choices newer_helper: skip skip skip skip",
        "choices oldest_helper: ok skip skip skip",
        "choices filename_fentry: skip skip skip ok",
        "congestion_control ssthresh: ok ok ok ok",
        "congestion_control cong_avoid: ok ok ok ok",
        "congestion_control undo_cwnd: ok ok ok ok",
        "constants old_state: ok ok ok ok",
        "constants by_text: ok ok ok ok",
        "constants by_struct: ok ok ok ok",
        "constants by_kconfig: ok ok ok ok",
        "exec_watch on_exec: ok ok ok ok",
        "exec_watch on_exit: ok ok ok ok",
        "fires on_open: ok ok ok ok",
        "fires on_exec: ok ok ok ok",
        "fires on_connect: ok ok ok ok",
        "fires each_task: ok ok ok ok",
        "fires drop_all: ok ok ok ok",
        "fires on_restart: run-failed run-failed run-failed run-failed",
        "inode_ctime one_layout: ok ok core-field-missing core-field-missing",
        "inode_ctime every_layout: ok ok ok ok",
        "kernel_config count_ticks: ok ok ok ok",
        "missing_types type_assumed: ok core-type-missing core-type-missing core-type-missing",
        "missing_types type_checked: ok ok ok ok",
        "missing_types enumerator_assumed: core-enum-missing core-enum-missing ok ok",
        "missing_types enumerator_checked: ok ok ok ok",
        "netfilter_hook accept_all: program-type-unsupported program-type-unsupported ok ok",
        "new_helpers task_assumed: helper-unknown ok ok ok",
        "new_helpers clock_assumed: helper-unknown ok ok ok",
        "new_helpers clock_checked: ok ok ok ok",
        "new_helpers function_checked: ok ok ok ok",
        "rss_stat one_shape: ok ok core-field-incompatible core-field-incompatible",
        "rss_stat both_shapes: ok ok ok ok",
        "sized_maps count_switches: ok ok ok ok",
        "subreaper_bit as_bit: ok ok ok ok",
        "subreaper_bit as_bool: ok ok ok ok",
        "task_by_pid find_task: kfunc-missing kfunc-missing ok ok",
        "task_state old_name: ok core-field-missing core-field-missing core-field-missing",
        "task_state new_name: core-field-missing ok ok ok",
        "task_state either_name: ok ok ok ok",
        "tty_type as_integer: ok ok ok core-field-incompatible",
        "tty_type as_either: ok ok ok ok",
        "unlink_watch by_internal_name: ok ok ok attach-target-missing",
        "unlink_watch by_hook: ok ok ok ok",
        "verifier_limits atomic_result: insn-unsupported ok ok ok",
        "verifier_limits unchecked_argument: ok ok verifier-rejected verifier-rejected",
        "verifier_limits checked_argument: ok ok ok ok",
        "veth_module on_xmit: attach-target-missing attach-target-missing attach-target-missing attach-target-missing",
        "veth_module read_peer: core-type-missing core-type-missing core-type-missing core-type-missing",
        "vmcore_config assumed: kconfig-missing kconfig-missing ok ok",
      ]
    `);
  });
});
