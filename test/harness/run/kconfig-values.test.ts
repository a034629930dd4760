// Tests of programs whose paths depend on values of the kernel configuration: a prediction follows the path that the verifier follows.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from './real-run.ts';

const SOURCE = `
#include <bpf/bpf_helpers.h>
struct task_struct { int no_such; } access_index;
extern int LINUX_KERNEL_VERSION __kconfig;
extern int CONFIG_HZ __kconfig;
extern _Bool CONFIG_SMP __kconfig;
extern enum libbpf_tristate CONFIG_XFS_FS __kconfig __weak;
extern char CONFIG_BPF_SYSCALL __kconfig;
extern short CONFIG_NO_SUCH_OPTION __kconfig __weak;
u64 seen;
static __always_inline int missing(void) { struct task_struct *task = (void *)bpf_get_current_task(); return BPF_CORE_READ(task, no_such); }
#define P(name, condition) SEC("raw_tp/sys_enter") int name(void *ctx) { if (condition) seen = missing(); return 0; }
P(before_6_12, LINUX_KERNEL_VERSION < 0x060c00)
P(since_6_12, LINUX_KERNEL_VERSION >= 0x060c00)
P(at_250_hz, CONFIG_HZ == 250)
P(at_100_hz, CONFIG_HZ == 100)
P(without_smp, !CONFIG_SMP)
P(without_bpf, CONFIG_BPF_SYSCALL != 'y')
P(not_set, CONFIG_NO_SUCH_OPTION == 0)
P(set_by_loader, CONFIG_NO_SUCH_OPTION == -5)
P(xfs_built_in, CONFIG_XFS_FS == TRI_YES)
`;

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kconfig-values-'));
  object = await compileBpf(folder, 'paths', SOURCE);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test(
  'a prediction knows the version and the configuration of a kernel, and the values that the loader gives, as the verifier does',
  { timeout: 600_000 },
  async () => {
    const { objects, problems } = await readInputs({
      sources: [
        { pattern: object, name: 'plain' },
        { pattern: object, name: 'given', settings: { kconfig: { CONFIG_HZ: 100, CONFIG_NO_SUCH_OPTION: -5, CONFIG_XFS_FS: true } } },
      ],
      directory: '/',
    });
    expect(problems).toEqual([]);
    const { cells } = await realRun([], ['debian:6.1', 'debian:6.12'], { objects });
    const verdicts = cells.map(({ kernel, object: name, programs }) => [
      `${/\d+\.\d+/.exec(kernel)?.[0] ?? ''} ${name}`,
      ...programs.filter(({ status }) => status === 'fail').map((program) => program.name),
    ]);
    expect(verdicts).toMatchInlineSnapshot(`
      [
        [
          "6.1 plain",
          "before_6_12",
          "at_250_hz",
          "not_set",
        ],
        [
          "6.1 given",
          "before_6_12",
          "at_100_hz",
          "set_by_loader",
          "xfs_built_in",
        ],
        [
          "6.12 plain",
          "since_6_12",
          "at_250_hz",
          "not_set",
        ],
        [
          "6.12 given",
          "since_6_12",
          "at_100_hz",
          "set_by_loader",
          "xfs_built_in",
        ],
      ]
    `);
    const predicted = cells.map(({ programs }) => programs.filter((each) => each.predicted?.status === 'fail').map(({ name }) => name));
    expect(predicted).toEqual(verdicts.map(([, ...failing]) => failing));
    const undecided = cells.flatMap(({ programs }) => programs.filter((each) => each.predicted?.status === 'may-fail'));
    expect(undecided).toEqual([]);
  },
);
