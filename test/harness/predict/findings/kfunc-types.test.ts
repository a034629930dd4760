// Which program types may call which kernel functions: the answers of real kernels against the predictions.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compiled } from '../../explain/predicted.ts';
import { realRun } from '../../run/real-run.ts';

/** A section for each program type. */
const SECTIONS = {
  kprobe: 'kprobe/do_nanosleep',
  xdp: 'xdp',
  sched_cls: 'tc',
  tracing: 'fentry/do_nanosleep',
  raw_tracepoint: 'raw_tp/sched_switch',
  perf_event: 'perf_event',
  cgroup_skb: 'cgroup_skb/egress',
  syscall: 'syscall',
  lsm: 'lsm/file_open',
  tracepoint: 'tp/sched/sched_switch',
  socket_filter: 'socket',
  sk_skb: 'sk_skb/stream_parser',
  sock_ops: 'sockops',
  cgroup_sock: 'cgroup/sock_create',
  flow_dissector: 'flow_dissector',
  sk_lookup: 'sk_lookup',
  cgroup_device: 'cgroup/dev',
  netfilter: 'netfilter',
  lwt_in: 'lwt_in',
  lwt_out: 'lwt_out',
  lwt_xmit: 'lwt_xmit',
  cgroup_sysctl: 'cgroup/sysctl',
  sk_msg: 'sk_msg',
  sk_reuseport: 'sk_reuseport',
  cgroup_sock_addr: 'cgroup/connect4',
  cgroup_sockopt: 'cgroup/getsockopt',
} as const satisfies Readonly<Record<string, string>>;

/** A use of functions of each family, which the verifier accepts where the program type may call them. */
const USES = {
  task: 'struct task_struct *it = bpf_task_from_pid(1); if (it) bpf_task_release(it);',
  control_group: 'struct cgroup *it = bpf_cgroup_from_id(1); if (it) bpf_cgroup_release(it);',
  object: 'struct thing *it = bpf_obj_new_impl(bpf_core_type_id_local(struct thing), 0); if (it) bpf_obj_drop_impl(it, 0);',
  cpumask: 'struct bpf_cpumask *it = bpf_cpumask_create(); if (it) bpf_cpumask_release(it);',
  rcu: 'bpf_rcu_read_lock(); bpf_rcu_read_unlock();',
  iterator: 'struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 3); bpf_iter_num_destroy(&it);',
} as const satisfies Readonly<Record<string, string>>;

/** Types whose programs must return 1 here. */
const RETURNS_ONE = /^(?:cgroup_|sk_lookup|netfilter)/;

const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
struct task_struct { int pid; };
struct cgroup { int level; };
struct bpf_cpumask { int usage; };
struct thing { int x; };
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern struct cgroup *bpf_cgroup_from_id(__u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *group) __ksym;
extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;
extern void *bpf_obj_new_impl(__u64 id, void *meta) __ksym __weak;
extern void bpf_obj_drop_impl(void *object, void *meta) __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
char LICENSE[] SEC("license") = "GPL";
${Object.entries(SECTIONS)
  .flatMap(([type, section]) =>
    Object.entries(USES).map(
      ([family, use]) => `SEC("${section}") int ${family}_in_${type}(void *ctx) { ${use} return ${RETURNS_ONE.test(type) ? 1 : 0}; }`,
    ),
  )
  .join('\n')}
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfunc-types-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test(
  'no program is predicted to load if a kernel forbids its type a function of tasks, control groups, objects, processors or RCU',
  { timeout: 600_000 },
  async () => {
    const { cells } = await realRun(await compiled(folder, { types: SOURCE }), ['debian:6.12', 'debian:7.3']);
    const seen = cells.map(({ programs }) => {
      const forbidden = programs.filter(({ class: failure }) => failure === 'kfunc-not-allowed');
      const other = programs.filter(({ status, class: failure }) => status !== 'pass' && failure !== 'kfunc-not-allowed');
      const warned = programs.filter(({ predicted }) => predicted?.status === 'may-fail');
      return {
        programs: programs.length,
        forbidden: forbidden.length,
        'forbidden, without a warning': forbidden.filter((program) => !warned.includes(program)).map(({ name }) => name),
        'warned of, but allowed': warned.filter((program) => !forbidden.includes(program)).map(({ name }) => name),
        'fails otherwise': other.map(({ name, reason }) => `${name}: ${reason}`),
      };
    });
    expect(seen).toMatchInlineSnapshot(`
      [
        {
          "fails otherwise": [],
          "forbidden": 60,
          "forbidden, without a warning": [],
          "programs": 156,
          "warned of, but allowed": [],
        },
        {
          "fails otherwise": [],
          "forbidden": 53,
          "forbidden, without a warning": [],
          "programs": 156,
          "warned of, but allowed": [
            "task_in_raw_tracepoint",
            "control_group_in_raw_tracepoint",
            "object_in_raw_tracepoint",
            "cpumask_in_raw_tracepoint",
            "task_in_sock_ops",
            "control_group_in_sock_ops",
            "object_in_sock_ops",
          ],
        },
      ]
    `);
  },
);
