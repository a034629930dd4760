// Tests of finding faults in real messages of kernels.
import { describe, expect, it } from 'vitest';
import { findKernelFault } from '../../../harness/guest/health.ts';

const faultIn = (...texts: string[]) => {
  const fault = findKernelFault(...texts);
  return fault && `${fault.class}${fault.grave ? ', grave' : ''}: ${fault.reason}`;
};

describe('faults in the messages of a kernel', () => {
  it.each([
    [
      'panic',
      'Kernel panic - not syncing: Fatal exception in interrupt',
      'infra-crash, grave: kernel panic in the guest: Kernel panic - not syncing: Fatal exception in interrupt',
    ],
    [
      'oops',
      'BUG: kernel NULL pointer dereference, address: 0000000000000008\n#PF: supervisor read access in kernel mode\nOops: 0000 [#1] PREEMPT SMP NOPTI',
      'infra-crash, grave: kernel oops in the guest: BUG: kernel NULL pointer dereference, address: 0000000000000008',
    ],
    [
      'oops of an arm64',
      'Unable to handle kernel paging request at virtual address dead000000000100',
      'infra-crash, grave: kernel oops in the guest: Unable to handle kernel paging request at virtual address dead000000000100',
    ],
    [
      'page fault',
      'BUG: unable to handle page fault for address: ffffffffc0a3e000',
      'infra-crash, grave: kernel oops in the guest: BUG: unable to handle page fault for address: ffffffffc0a3e000',
    ],
    [
      'general protection fault',
      'general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP',
      'infra-crash, grave: general protection fault in the guest: general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP',
    ],
    [
      'double fault',
      'traps: PANIC: double fault, error_code: 0x0',
      'infra-crash, grave: double fault in the guest: traps: PANIC: double fault, error_code: 0x0',
    ],
    [
      'BUG()',
      'kernel BUG at kernel/bpf/verifier.c:1234!',
      'infra-crash, grave: kernel BUG in the guest: kernel BUG at kernel/bpf/verifier.c:1234!',
    ],
    [
      'BUG of the allocator',
      'BUG: Bad page state in process init  pfn:1f2a3',
      'infra-crash, grave: kernel BUG in the guest: BUG: Bad page state in process init  pfn:1f2a3',
    ],
    [
      'scheduling while atomic',
      'BUG: scheduling while atomic: init/1/0x00000002',
      'infra-crash, grave: kernel BUG in the guest: BUG: scheduling while atomic: init/1/0x00000002',
    ],
    [
      'KFENCE',
      'BUG: KFENCE: use-after-free read in bpf_map_free+0x1c/0x40',
      'infra-crash, grave: kernel BUG in the guest: BUG: KFENCE: use-after-free read in bpf_map_free+0x1c/0x40',
    ],
    [
      'KASAN',
      'BUG: KASAN: slab-out-of-bounds in check_stack_read+0x5f/0x1c0',
      'infra-splat, grave: sanitizer report in the guest: BUG: KASAN: slab-out-of-bounds in check_stack_read+0x5f/0x1c0',
    ],
    [
      'UBSAN',
      'UBSAN: array-index-out-of-bounds in kernel/bpf/btf.c:100:12',
      'infra-splat, grave: sanitizer report in the guest: UBSAN: array-index-out-of-bounds in kernel/bpf/btf.c:100:12',
    ],
    [
      'soft lockup',
      'watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [init:61]',
      'infra-splat: lockup in the guest: watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [init:61]',
    ],
    [
      'hard lockup',
      'watchdog: Watchdog detected hard LOCKUP on cpu 0',
      'infra-splat: lockup in the guest: watchdog: Watchdog detected hard LOCKUP on cpu 0',
    ],
    [
      'RCU stall',
      'rcu: INFO: rcu_sched self-detected stall on CPU',
      'infra-splat: RCU stall in the guest: rcu: INFO: rcu_sched self-detected stall on CPU',
    ],
    [
      'RCU stall elsewhere',
      'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
      'infra-splat: RCU stall in the guest: rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
    ],
    [
      'OOM kill',
      'init invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0',
      'infra-splat: out of memory in the guest: init invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0',
    ],
    [
      'OOM kill in a cgroup',
      'Memory cgroup out of memory: Killed process 61 (init) total-vm:512000kB',
      'infra-splat: out of memory in the guest: Memory cgroup out of memory: Killed process 61 (init) total-vm:512000kB',
    ],
    [
      'hung task',
      'INFO: task init:61 blocked for more than 120 seconds.',
      'infra-splat: hung task in the guest: INFO: task init:61 blocked for more than 120 seconds.',
    ],
  ])('a fault is found in the messages of a kernel: %s', (_, text, expected) => {
    expect(faultIn(`[    1.000000] all is well\n[    2.0] ${text}\n[    3.0] ---[ end trace ]---\n`)).toBe(
      expected.replace('guest: ', 'guest: [    2.0] '),
    );
  });
});

it('the most serious of several faults in the messages of a kernel is reported', () => {
  expect(faultIn('rcu: INFO: rcu_sched self-detected stall on CPU\n', '3,400,1;Kernel panic - not syncing: hung\n')).toBe(
    'infra-crash, grave: kernel panic in the guest: 3,400,1;Kernel panic - not syncing: hung',
  );
});

it('no fault is found in other messages of a kernel', () => {
  expect(
    faultIn(
      [
        'Linux version 6.12.117+deb13-cloud-amd64 (debian-kernel@lists) #1 SMP PREEMPT_DYNAMIC',
        'Kernel command line: console=ttyS0 loglevel=4 panic=-1 oops=panic nokaslr',
        'debug: unmapping init memory',
        'Spectre V2 : kernel not compiled with retpoline; no mitigation available!',
        'rcu: Hierarchical RCU implementation.',
        'rcu: \tRCU CPU stall warnings timeout set to 21 seconds',
        'ledger 3: BPF BUG tracker',
        'WARNING: CPU: 0 PID: 1 at kernel/trace/trace.c:1 tracing_init+0x1/0x2',
      ].join('\n'),
    ),
  ).toBeNull();
});
