// Programs that read arguments of hooks whose prototypes differ between kernels, as C for compileBpf().

const HEAD = `#include <bpf/bpf_tracing.h>
typedef _Bool bool;
struct task_struct { int pid; } access_index;
struct inode { unsigned long i_ino; } access_index;
struct dentry { struct inode *d_inode; } access_index;
struct iattr { unsigned int ia_valid; } access_index;
struct sock { int sk_mark; } access_index;
struct inet_sock { struct sock sk; u16 inet_sport; } access_index;
struct bpf_iter__task { struct task_struct *task; } access_index;
struct bpf_iter__bpf_map_elem { void *meta, *map, *key, *value; };
struct mnt_idmap;
u64 seen;
`;

/** @see DECLARE of sched_switch in include/trace/events/sched.h, before and since 5.18 */
export const HOOK_PROGRAMS = `${HEAD}
SEC("tp_btf/sched_switch") int BPF_PROG(state_last, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int state) { seen = state + next->pid; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(state_second, bool preempt, unsigned int state, struct task_struct *prev, struct task_struct *next) { seen = next->pid; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(number_read, bool preempt, unsigned int state, struct task_struct *prev, struct task_struct *next) { seen = BPF_CORE_READ(next, pid); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(number_never_read, bool preempt, unsigned int state, struct task_struct *prev, struct task_struct *next) {
	if (bpf_core_field_exists(((struct inode *)0)->i_ino)) return 0;
	seen = next->pid;
	return 0;
}
SEC("tp_btf/sched_switch") int BPF_PROG(through_stack, bool preempt, unsigned int state, struct task_struct *prev, struct task_struct *next) {
	struct task_struct *volatile kept = next;
	seen = kept->pid;
	return 0;
}
static __noinline int pid_of(u64 *ctx) { return ((struct task_struct *)ctx[3])->pid; }
SEC("tp_btf/sched_switch") int in_subprogram(u64 *ctx) { seen = pid_of(ctx); return 0; }
SEC("lsm/inode_setattr") int BPF_PROG(hook_before, struct dentry *dentry, struct iattr *attr) { seen = attr->ia_valid; return 0; }
SEC("lsm/inode_setattr") int BPF_PROG(hook_since, struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr) { seen = attr->ia_valid; return 0; }
SEC("lsm/inode_setxattr") int BPF_PROG(through_bytes, struct mnt_idmap *idmap, struct dentry *dentry) { seen = (u64)dentry->d_inode; return 0; }
SEC("fentry/vfs_unlink") int BPF_PROG(entry, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry) { seen = BPF_CORE_READ(dir, i_ino); return 0; }
SEC("fentry/vfs_unlink") int BPF_PROG(entry_result, void *a, void *b, void *c, void *d, int result) { seen = result; return 0; }
SEC("fexit/vfs_unlink") int BPF_PROG(result, void *a, void *b, void *c, void *d, int result) { seen = result; return 0; }
SEC("fentry/inet_shutdown") int BPF_PROG(beyond_all, void *a, int b, int c) { seen = c; return 0; }
SEC("fentry/tcp_close") int BPF_PROG(cast, struct sock *sk) { seen = BPF_CORE_READ((struct inet_sock *)sk, inet_sport); return 0; }
SEC("iter/bpf_map_elem") int buffer(struct bpf_iter__bpf_map_elem *ctx) { u32 *value = ctx->value; if (value) seen = *value; return 0; }
SEC("iter/task") int iterator(struct bpf_iter__task *ctx) { struct task_struct *task = ctx->task; if (task) seen = task->pid; return 0; }
SEC("iter/task") int iterator_beyond(u64 *ctx) { seen = ctx[2]; return 0; }
`;
