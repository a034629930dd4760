// Explains what guests and predictions say about hooks that no section names in full: members of struct_ops, targets from the configuration,
// calls of kernel functions, and kernel variables of another type.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import { objectsOfResults } from '../../../harness/explain/sources.ts';
import { loadConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { fourSelectors } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from '../run/real-run.ts';

const HEAD = `#include <bpf/bpf_tracing.h>
u64 seen;
struct sock { int sk_mark; } access_index;
struct task_struct { int pid; } access_index;
`;

const SOURCES: Readonly<Record<string, string>> = {
  members: `${HEAD}
struct tcp_congestion_ops { u32 (*ssthresh)(struct sock *sk); void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked); char name[16]; };
SEC("struct_ops/ssthresh") u32 BPF_PROG(limit, struct sock *sk, int more) { return more; }
SEC("struct_ops/cong_avoid") void BPF_PROG(avoid, struct sock *sk, struct sock *other) { seen = other->sk_mark; }
SEC(".struct_ops") struct tcp_congestion_ops ops = { .ssthresh = (void *)limit, .cong_avoid = (void *)avoid, .name = "probe" };
`,
  unused: `${HEAD}
SEC("struct_ops/unused") int unused(void *ctx) { return 1; }
`,
  configured: `${HEAD}
SEC("fentry") int BPF_PROG(configured, void *a, void *b, void *c, void *d, int more) { seen = more; return 0; }
`,
  declared: `${HEAD}
struct task_struct *bpf_task_from_pid(int pid, int flags) __ksym;
void bpf_task_release(struct task_struct *task) __ksym;
SEC("tp_btf/sched_process_exec") int declared(void *ctx) { struct task_struct *task = bpf_task_from_pid(1, 0); if (task) bpf_task_release(task); return 0; }
`,
  foreign: `${HEAD}
int scx_bpf_create_dsq(u64 dsq_id, int node) __ksym;
SEC("tp_btf/sched_process_exec") int foreign(void *ctx) { seen = scx_bpf_create_dsq(1, -1); return 0; }
`,
  variable: `${HEAD}
struct rq; extern const struct rq runqueues __ksym;
SEC("tp_btf/sched_process_exec") int variable(void *ctx) { seen = (u64)&runqueues; return 0; }
`,
};

let folder = '';
let results: Results;
let explanation: Explanation;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hooks-explained-'));
  for (const [name, source] of Object.entries(SOURCES)) await compileBpf(folder, name, source);
  const file = join(folder, 'corematrix.yaml');
  const entries = Object.keys(SOURCES).map((name) => {
    return `  - path: ${name}.bpfel.o\n${name === 'configured' ? '    programs: { configured: { attach_to: vfs_unlink } }\n' : ''}`;
  });
  await writeFile(file, `objects:\n${entries.join('')}`);
  const { objects, problems } = await readInputs(objectSources(await loadConfig(file), folder));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const selectors = (await fourSelectors()).slice(2);
  results = await realRun([], selectors, { objects, limits: { bootMs: 900_000 } });
  explanation = await explainRun(results, await objectsOfResults(results), cacheRoot(), (problem) => {
    throw new Error(problem);
  });
}, 1_800_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const nameOf = (id: string) => (explanation.kernels.at(-1)?.id === id ? 'newest' : '6.12');

it('guests refuse each program, and the prediction says so where BTF shows it', () => {
  const programs = results.cells.flatMap(({ kernel, programs: own }) =>
    own.map(
      ({ name, status, class: failure, predicted }) => `${nameOf(kernel)} ${name}: ${status} ${failure}, predicted ${predicted?.class}`,
    ),
  );
  expect(programs.toSorted()).toMatchInlineSnapshot(`
    [
      "6.12 avoid: fail verifier-rejected, predicted verifier-rejected",
      "6.12 configured: fail verifier-rejected, predicted verifier-rejected",
      "6.12 declared: fail kfunc-missing, predicted kfunc-missing",
      "6.12 foreign: fail kfunc-missing, predicted kfunc-missing",
      "6.12 limit: fail verifier-rejected, predicted verifier-rejected",
      "6.12 unused: fail object-invalid, predicted object-invalid",
      "6.12 variable: fail ksym-missing, predicted ksym-missing",
      "newest avoid: fail verifier-rejected, predicted verifier-rejected",
      "newest configured: fail verifier-rejected, predicted verifier-rejected",
      "newest declared: fail kfunc-missing, predicted kfunc-missing",
      "newest foreign: fail kfunc-not-allowed, predicted kfunc-not-allowed",
      "newest limit: fail verifier-rejected, predicted verifier-rejected",
      "newest unused: fail object-invalid, predicted object-invalid",
      "newest variable: fail ksym-missing, predicted ksym-missing",
    ]
  `);
});

it('root causes name the member, the target and the position, with the prototypes of the kernels', () => {
  const causes = explanation.causes.map(({ class: failure, subject, situations, advice }) => ({
    cause: `${failure}: ${subject}`,
    situations: situations.map(({ kernels, summary, hints }) => {
      return [kernels.map(nameOf).join(' '), summary.replaceAll(/\[\d+\]/g, '[ID]'), ...hints].join('; ');
    }),
    advice,
  }));
  expect(causes.toSorted((a, b) => a.cause.localeCompare(b.cause))).toMatchInlineSnapshot(`
    [
      {
        "advice": [
          "Declare bpf_task_from_pid() as the kernel has it. If kernels differ, declare a flavor for each prototype (bpf_task_from_pid___old), each __weak, and call the one whose bpf_ksym_exists() is true.",
        ],
        "cause": "kfunc-missing: kfunc bpf_task_from_pid",
        "situations": [
          "6.12; kfunc bpf_task_from_pid: func_proto [ID] incompatible with vmlinux [ID]; argument 2: nothing here, int in the object",
          "newest; kfunc bpf_task_from_pid: func_proto [ID] incompatible with vmlinux [ID]; argument 2: nothing here, int in the object",
        ],
      },
      {
        "advice": [
          "Declare scx_bpf_create_dsq() __weak and call it only where bpf_ksym_exists(scx_bpf_create_dsq) is true. Without __weak, the loader refuses the whole object.",
        ],
        "cause": "kfunc-missing: kfunc scx_bpf_create_dsq",
        "situations": [
          "6.12; kfunc scx_bpf_create_dsq: not found in kernel or module BTFs; no module of its package has it",
        ],
      },
      {
        "advice": [
          "Each kernel decides for each program type which kernel functions it may call, and BTF does not show it. bpf_ksym_exists() does not help, because the function exists. Look in the source of the kernel for the set of kfuncs that names the function, and for the program types for which register_btf_kfunc_id_set() registers this set.",
        ],
        "cause": "kfunc-not-allowed: kfunc scx_bpf_create_dsq",
        "situations": [
          "newest; kfunc scx_bpf_create_dsq may not be called from this program on this kernel",
        ],
      },
      {
        "advice": [
          "Declare runqueues with the type that the kernel has, and define this type in the object (vmlinux.h does): libbpf compares the two. Or declare it as const void: libbpf then takes its address from kallsyms and compares nothing.",
        ],
        "cause": "ksym-missing: kernel symbol runqueues",
        "situations": [
          "6.12; kernel symbol runqueues: incompatible types, expected [ID] fwd rq, but kernel has [ID] struct rq; struct rq here, struct rq without a definition in the object",
          "newest; kernel symbol runqueues: incompatible types, expected [ID] fwd rq, but kernel has [ID] struct rq; struct rq here, struct rq without a definition in the object",
        ],
      },
      {
        "advice": [
          "No struct_ops map of the object refers to this program. Assign it to a member of the map, or let the loader assign it before it loads the object. Or switch it off: programs: {NAME: {autoload: false}}.",
        ],
        "cause": "object-invalid: SEC("struct_ops") program isn't referenced anywhere, did you forget to use it?",
        "situations": [
          "6.12 newest; SEC("struct_ops") program isn't referenced anywhere, did you forget to use it?",
        ],
      },
      {
        "advice": [
          "A program reads the arguments of struct_ops member tcp_congestion_ops.ssthresh by position. "corematrix types diff tcp_congestion_ops" shows how the kernels differ.",
          "No kernel looked at has such an argument. Read only arguments that the prototype has.",
        ],
        "cause": "verifier-rejected: argument 2 of struct_ops member tcp_congestion_ops.ssthresh",
        "situations": [
          "6.12 newest; argument 2 of struct_ops member tcp_congestion_ops.ssthresh: this kernel has only 1 argument there; prototype here: (struct sock *)",
        ],
      },
      {
        "advice": [
          "A program reads the arguments of function vfs_unlink by position. "corematrix types diff vfs_unlink" shows how the kernels differ.",
          "No kernel looked at has such an argument. Read only arguments that the prototype has.",
        ],
        "cause": "verifier-rejected: argument 5 of function vfs_unlink",
        "situations": [
          "6.12; argument 5 of function vfs_unlink: this kernel has only 4 arguments there; prototype here: (struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, struct inode **delegated_inode)",
          "newest; argument 5 of function vfs_unlink: this kernel has only 4 arguments there; prototype here: (struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, struct delegated_inode *delegated_inode)",
        ],
      },
      {
        "advice": [
          "On this kernel, the context of this program type lacks this argument or field, or has it with another size, or does not let programs of this type write it. For a tracepoint or function, compare the prototypes ("corematrix types diff NAME").",
        ],
        "cause": "verifier-rejected: verifier: func 'ssthresh' doesn't have N-th argument; invalid bpf_context access off=N size=N",
        "situations": [
          "6.12 newest; verifier: func 'ssthresh' doesn't have 2-th argument; invalid bpf_context access off=8 size=8 at insn 0",
        ],
      },
    ]
  `);
});
