// Compares predictions about weak per-CPU variables that a kernel lacks with guests: their address is 0.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { pulledWithModules } from '../../kernels/pulled.ts';
import { realRun } from '../run/real-run.ts';

const KERNELS = ['debian:5.10', 'debian:6.12'];
const SOURCE = `extern const int no_such_variable __ksym __weak;
extern const int bpf_prog_active __ksym __weak;
#define HOOK SEC("raw_tp/sys_enter") int
HOOK unchecked(void *ctx) { return *(int *)bpf_this_cpu_ptr(&no_such_variable) & 1; }
HOOK checked(void *ctx) { return &no_such_variable ? *(int *)bpf_this_cpu_ptr(&no_such_variable) & 1 : 0; }
HOOK by_number(void *ctx) { int *found = bpf_per_cpu_ptr(&no_such_variable, 0); return found ? *found & 1 : 0; }
HOOK known(void *ctx) { return *(int *)bpf_this_cpu_ptr(&bpf_prog_active) & 1; }
`;

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'missing-variables-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

test('a helper for per-CPU variables with a weak variable that the kernel lacks fails as predicted, unless the address is checked', async () => {
  const object = await compileBpf(folder, 'weak', SOURCE);
  const { objects } = await readInputs({ sources: [{ pattern: object, settings: {} }], directory: '/' });
  await pulledWithModules(KERNELS);
  const { cells } = await realRun([], KERNELS, { objects });
  const rows = cells.map(({ programs }) =>
    programs.map(
      ({ name, status, class: failure, reason, predicted }) =>
        `${name}: ${status} ${failure ?? ''} ${reason ?? ''}; predicted ${predicted?.status ?? 'nothing'} ${predicted?.class ?? ''}`,
    ),
  );
  expect(rows).toMatchInlineSnapshot(`
    [
      [
        "unchecked: fail verifier-rejected verifier: R1 type=inv expected=percpu_ptr_ at insn 2; predicted fail verifier-rejected",
        "checked: pass  ; predicted unknown ",
        "by_number: fail verifier-rejected verifier: R1 type=inv expected=percpu_ptr_ at insn 4; predicted fail verifier-rejected",
        "known: fail verifier-rejected verifier: R1 type=inv expected=percpu_ptr_ at insn 2; predicted fail verifier-rejected",
      ],
      [
        "unchecked: fail verifier-rejected verifier: R1 type=scalar expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_ at insn 2; predicted fail verifier-rejected",
        "checked: pass  ; predicted unknown ",
        "by_number: fail verifier-rejected verifier: R1 type=scalar expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_ at insn 4; predicted fail verifier-rejected",
        "known: pass  ; predicted unknown ",
      ],
    ]
  `);
});
