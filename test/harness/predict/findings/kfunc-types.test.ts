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
  sched_act: 'action',
  lwt_seg6local: 'lwt_seg6local',
} as const satisfies Readonly<Record<string, string>>;

/** A use of functions of each family, which the verifier accepts where the program type may call them. */
const USES = {
  task: 'struct task_struct *it = bpf_task_from_pid(1); if (it) bpf_task_release(it);',
  control_group: 'struct cgroup *it = bpf_cgroup_from_id(1); if (it) bpf_cgroup_release(it);',
  object: 'struct thing *it = bpf_obj_new_impl(bpf_core_type_id_local(struct thing), 0); if (it) bpf_obj_drop_impl(it, 0);',
  callback: 'bpf_loop(1, task_of, 0, 0);',
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
static long task_of(unsigned int index, void *data) { struct task_struct *it = bpf_task_from_pid(index); if (it) bpf_task_release(it); return 0; }
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
          "forbidden": 83,
          "forbidden, without a warning": [],
          "programs": 196,
          "warned of, but allowed": [],
        },
        {
          "fails otherwise": [],
          "forbidden": 74,
          "forbidden, without a warning": [],
          "programs": 196,
          "warned of, but allowed": [
            "task_in_raw_tracepoint",
            "control_group_in_raw_tracepoint",
            "object_in_raw_tracepoint",
            "callback_in_raw_tracepoint",
            "cpumask_in_raw_tracepoint",
            "task_in_sock_ops",
            "control_group_in_sock_ops",
            "object_in_sock_ops",
            "callback_in_sock_ops",
          ],
        },
      ]
    `);
  },
);

/** Functions that only iterators, only LSM programs, or no programs at all may call. */
const RARE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct task_struct { int pid; };
struct file { int f_flags; };
struct sock_common { int skc_family; };
extern int bpf_sock_destroy(struct sock_common *sock) __ksym;
extern struct file *bpf_get_task_exe_file(struct task_struct *task) __ksym;
extern void bpf_put_file(struct file *file) __ksym;
extern int wake_up_process(struct task_struct *task) __ksym;
const volatile int never = 0;
char LICENSE[] SEC("license") = "GPL";
#define FILE_OF_TASK struct file *it = bpf_get_task_exe_file(bpf_get_current_task_btf()); if (it) bpf_put_file(it);
SEC("tp_btf/sched_switch") int destroy(__u64 *ctx) { bpf_sock_destroy((void *)ctx[1]); return 0; }
SEC("fentry/do_nanosleep") int file_in_tracing(void *ctx) { FILE_OF_TASK return 0; }
SEC("lsm/file_open") int file_in_lsm(void *ctx) { FILE_OF_TASK return 0; }
SEC("fentry/do_nanosleep") int wakes_task(void *ctx) { wake_up_process((void *)bpf_get_current_task_btf()); return 0; }
SEC("fentry/do_nanosleep") int wakes_no_task(void *ctx) { if (never) wake_up_process((void *)bpf_get_current_task_btf()); return 0; }
`;

test(
  'a call of a function that the BTF of the kernel does not mark as a kfunc is predicted to fail for certain',
  { timeout: 600_000 },
  async () => {
    const { cells } = await realRun(await compiled(folder, { rare: RARE }), ['debian:6.12', 'debian:7.3']);
    const seen = cells.map(({ programs }) =>
      Object.fromEntries(programs.map(({ name, reason, predicted }) => [name, [predicted?.status, reason ?? 'pass']])),
    );
    expect(seen).toMatchInlineSnapshot(`
      [
        {
          "destroy": [
            "may-fail",
            "kfunc bpf_sock_destroy may not be called from this program on this kernel",
          ],
          "file_in_lsm": [
            "unknown",
            "pass",
          ],
          "file_in_tracing": [
            "may-fail",
            "kfunc bpf_get_task_exe_file may not be called from this program on this kernel",
          ],
          "wakes_no_task": [
            "unknown",
            "pass",
          ],
          "wakes_task": [
            "fail",
            "kfunc wake_up_process is a function that no program may call: the BTF of this kernel marks its kfuncs, and not this function",
          ],
        },
        {
          "destroy": [
            "may-fail",
            "kfunc bpf_sock_destroy may not be called from this program on this kernel",
          ],
          "file_in_lsm": [
            "unknown",
            "pass",
          ],
          "file_in_tracing": [
            "may-fail",
            "kfunc bpf_get_task_exe_file may not be called from this program on this kernel",
          ],
          "wakes_no_task": [
            "unknown",
            "pass",
          ],
          "wakes_task": [
            "fail",
            "kfunc wake_up_process is a function that no program may call: the BTF of this kernel marks its kfuncs, and not this function",
          ],
        },
      ]
    `);
  },
);
