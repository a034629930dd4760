// Findings about calls of kernel functions that only programs of some types may make.
import { essentialName } from '../../bpf/btf/essential-name.ts';
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { isUnmarkedKfunc } from '../../kernel-btf/kfunc-marks.ts';
import { findIn } from '../../kernel-btf/kernel-names.ts';
import { functionUses } from '../reach/calls.ts';
import type { Finding } from './finding.ts';

/** Functions of packets and connections. */
const OF_NETWORK = /^bpf_(?:ct|skb|xdp|xfrm|fou)_/;
const NETWORK_TYPES: ReadonlySet<string> = new Set(['xdp', 'sched_cls']);
/** Functions of files. @see bpf_fs_kfuncs_filter() in fs/bpf_fs_kfuncs.c */
const OF_FILES = /^bpf_(?:get_task_exe_file|put_file|path_d_path|(?:get|set|remove)_(?:file|dentry)_xattr)$/;
/** Functions of iterator programs alone. @see tracing_iter_filter() in net/core/filter.c */
const OF_ITERATORS: ReadonlySet<string> = new Set(['bpf_sock_destroy']);
const ITERATOR = /^\??iter(?:\.s)?\b/;
/** Programs that subsystems usually register their own functions for. */
const SUBSYSTEM_TYPES: ReadonlySet<string> = new Set(['struct_ops', 'syscall']);

/** Functions of tasks, control groups and objects, which the kernel registers as one set. @see generic_btf_ids in kernel/bpf/helpers.c */
const GENERIC =
  /^bpf_(?:throw|task_(?:acquire|release|from_pid|under_cgroup|get_cgroup1)|cgroup_(?:acquire|release|ancestor|from_id)|(?:percpu_)?obj_(?:new|drop)_impl|refcount_acquire_impl|(?:list|rbtree)_\w+)$/;
const CPUMASK = /^bpf_cpumask_/;
/** Program types that may not call a generic function, as Linux 6.12 and 7.3 answer; 7.3 allows it to the last two. */
const WITHOUT_GENERIC: ReadonlySet<string> = new Set([
  'kprobe',
  'socket_filter',
  'sk_skb',
  'sk_msg',
  'sk_lookup',
  'sk_reuseport',
  'flow_dissector',
  'netfilter',
  'lwt_in',
  'lwt_out',
  'lwt_xmit',
  'lwt_seg6local',
  'sched_act',
  'raw_tracepoint',
  'sock_ops',
]);

/**
 * Whether programs of a type usually may call a function. The code of each subsystem registers its functions for program types, which no data
 * of the kernel image shows. Most other functions called `bpf_` are for many types.
 * @see register_btf_kfunc_id_set() in kernel/bpf/btf.c
 */
function isUsual(name: string, type: string, section: string): boolean {
  if (OF_ITERATORS.has(name)) return ITERATOR.test(section);
  if (OF_FILES.test(name)) return type === 'lsm';
  if (OF_NETWORK.test(name)) return NETWORK_TYPES.has(type);
  if (GENERIC.test(name)) return !WITHOUT_GENERIC.has(type);
  if (CPUMASK.test(name)) return !WITHOUT_GENERIC.has(type) && !NETWORK_TYPES.has(type) && !type.startsWith('cgroup_');
  return name.startsWith('bpf_') || SUBSYSTEM_TYPES.has(type);
}

/**
 * Finds programs that call a kernel function of a subsystem, but are of another type than its functions are usually for. Not certain: only
 * the kernel knows the types.
 */
export function kfuncTypeFindings(object: BpfObject, kernel: KernelTypes): (program: BpfProgram) => Finding[] {
  if (!enumeratorsOf(kernel, 'bpf_prog_type')) return () => [];
  const useOf = functionUses(object);
  return (program) => {
    const { type, section } = program;
    if (type === null) return [];
    const seen = new Set<ObjectFunction>([program]);
    const names = new Set<string>();
    for (const owner of seen) {
      const { callees, callbacks, kfuncs } = useOf(owner);
      for (const each of [...callees, ...callbacks]) seen.add(each);
      for (const name of kfuncs) names.add(name);
    }
    return [...names].flatMap((name): Finding[] => {
      const isKnown = findIn(kernel, 'func', essentialName(name)) !== null;
      // The paths through the program show whether it reaches a call that no program may make.
      if (isUsual(name, type, section) || !isKnown || isUnmarkedKfunc(name, kernel)) return [];
      const reason = `kfunc ${name} may be forbidden in a program of type ${type}: this kernel decides it by type, and BTF does not show for which`;
      return [{ failure: { stage: 'verify', class: 'kfunc-not-allowed', reason }, certain: false }];
    });
  };
}
