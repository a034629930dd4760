// Compares predictions about targets that a kernel has and refuses with guests: functions in which no program may sleep, and the like.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { findKernels } from '../../../harness/kernel-btf/kernels.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { predictMatrix } from '../../../harness/predict/result.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { pulledKernels } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';

const KERNELS = ['debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3'];

/** Each section with the name of its program. A name that ends in `_relo` has a relocation that fails, too. */
const PROGRAMS = [
  ['fentry.s/vfs_read', 'sleeps'],
  ['fentry.s/vfs_read', 'sleeps_relo'],
  ['fexit.s/__x64_sys_openat', 'sleeps_in_call'],
  ['fentry.s/security_file_open', 'sleeps_in_security'],
  ['fmod_ret/vfs_read', 'changes'],
  ['fmod_ret/vfs_read', 'changes_relo'],
  ['fmod_ret.s/__x64_sys_openat', 'changes_call'],
  ['fmod_ret/security_file_open', 'changes_security'],
  ['fmod_ret.s/security_file_open', 'sleeps_and_changes'],
  ['fmod_ret/bpf_modify_return_test', 'changes_exception'],
  ['lsm.s/file_open', 'hook_sleeps'],
  ['lsm.s/task_free', 'hook_never_sleeps'],
  ['lsm.s/task_free', 'hook_relo'],
  ['lsm/getprocattr', 'disabled'],
  ['lsm/getprocattr', 'disabled_relo'],
  ['fentry/migrate_disable', 'denied'],
  ['fexit/do_exit', 'at_end'],
  ['fexit/do_exit', 'at_end_relo'],
  ['fentry/do_exit', 'at_start'],
] as const;

const SOURCE = `struct task_struct { int nope; } access_index;
int seen;
${PROGRAMS.map(([section, name]) => {
  const code = name.endsWith('_relo') ? 'seen = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), nope);' : '';
  return `SEC("${section}") int ${name}(void *ctx) { ${code} return 0; }`;
}).join('\n')}
`;

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'refused-targets-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

test('a kernel refuses a target as predicted from its image, with the same class and reason', { timeout: 900_000 }, async () => {
  await pulledKernels(KERNELS);
  const object = await compileBpf(folder, 'refused', SOURCE);
  const { objects } = await readInputs({ sources: [{ pattern: object, settings: {} }], directory: '/' });
  const { prediction } = await predictMatrix(objects, (await findKernels(KERNELS, cacheRoot())).kernels);
  const { cells } = await realRun([], KERNELS, { objects });
  const observed = cells.map(({ programs }) =>
    Object.fromEntries(programs.map(({ name, class: failure, reason }) => [name, failure && `${failure}: ${reason}`])),
  );
  const predicted = prediction.cells.map(({ programs }) =>
    Object.fromEntries(programs.map(({ name, predicted: failure }) => [name, failure && `${failure.class}: ${failure.reason}`])),
  );
  // Whether the kernel makes an exception for this function, its image does not say.
  for (const cell of [...observed, ...predicted]) delete cell['changes_exception'];
  expect(predicted).toEqual(observed);
  expect(cells.flatMap(({ programs }) => programs.filter(({ predicted: beside }) => beside?.agrees === false))).toEqual([]);
  expect(observed[1]).toMatchInlineSnapshot(`
    {
      "at_end": null,
      "at_end_relo": "core-field-missing: task_struct.nope: no such field (byte_off, refused.bpf.c:20)",
      "at_start": null,
      "changes": "attach-target-missing: verifier: vfs_read() is not modifiable",
      "changes_call": "verifier-rejected: verifier: __x64_sys_openat is not sleepable",
      "changes_relo": "attach-target-missing: verifier: vfs_read() is not modifiable",
      "changes_security": null,
      "denied": "attach-target-missing: function migrate_disable is denied: this kernel lets no tracing program attach to it",
      "disabled": "attach-target-missing: LSM hook bpf_lsm_getprocattr is disabled: this kernel lets no program attach to it",
      "disabled_relo": "attach-target-missing: LSM hook bpf_lsm_getprocattr is disabled: this kernel lets no program attach to it",
      "hook_never_sleeps": "verifier-rejected: verifier: bpf_lsm_task_free is not sleepable",
      "hook_relo": "verifier-rejected: verifier: bpf_lsm_task_free is not sleepable",
      "hook_sleeps": null,
      "sleeps": "verifier-rejected: verifier: vfs_read is not sleepable",
      "sleeps_and_changes": "verifier-rejected: verifier: security_file_open is not sleepable",
      "sleeps_in_call": "verifier-rejected: verifier: __x64_sys_openat is not sleepable",
      "sleeps_in_security": "verifier-rejected: verifier: security_file_open is not sleepable",
      "sleeps_relo": "verifier-rejected: verifier: vfs_read is not sleepable",
    }
  `);
  const passing = observed.map((cell) => Object.keys(cell).filter((name) => cell[name] === null));
  expect(passing).toMatchInlineSnapshot(`
    [
      [
        "changes_security",
        "disabled",
        "at_end",
        "at_start",
      ],
      [
        "changes_security",
        "hook_sleeps",
        "at_end",
        "at_start",
      ],
      [
        "changes_security",
        "hook_sleeps",
        "at_start",
      ],
      [
        "sleeps_in_call",
        "changes_call",
        "changes_security",
        "hook_sleeps",
        "at_start",
      ],
    ]
  `);
});
