// Verdicts of programs that the verifier or the kernel refuses, by what each of them said about the program.
import { expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import type { LoadAttempt } from '../../../harness/verdict/evidence/evidence.ts';
import type { CellEvidence } from '../../../harness/verdict/evidence/evidence.ts';
import { judgeCell } from '../../../harness/verdict/judge.ts';
import { helperName } from '../../../harness/verdict/rules/verifier.ts';

interface Load extends Partial<Pick<LoadAttempt, 'errno' | 'reached'>> {
  text: string;
  type?: string;
  kernelLog?: string;
  enumerators?: readonly string[];
  differsKfunc?: (name: string) => boolean;
}

const PROGRAMS = [
  { name: 'first', section: 'tp_btf/sched_switch', type: 'tracing', insns: 9 },
  { name: 'p', section: 'kprobe/f', type: 'kprobe', insns: 9 },
];

/** The verdict of the cell, as `stage class: reason`. */
function verdict({ text, errno = 22, reached = 'load', type = 'kprobe', kernelLog = '', enumerators, differsKfunc }: Load): string {
  const {
    stage,
    class: failure,
    reason,
  } = judgeCell({
    object: { programs: PROGRAMS, relocations: [], maps: [] },
    evidence: {
      programs: PROGRAMS.map((program) => ({ ...program, type: program.name === 'p' ? type : program.type, autoload: true })),
      leftOut: [],
      chosen: [],
      attempts: [{ program: null, reached, errno, openMs: 0, loadMs: 0, log: textRecords(text) }],
      kernelLog,
      console: '',
    },
    ...(enumerators && { enumerators: new Set(enumerators) }),
    ...(differsKfunc && { differsKfunc }),
  });
  return `${stage} ${failure}: ${reason}`;
}

const warn = (...lines: string[]) => lines.map((line) => `<0>libbpf: ${line}\n`).join('');

/** The lines that libbpf prints for a program that the verifier rejects. */
function rejected(log: string, program = 'p'): string {
  const block = log === '' ? '' : `<0>libbpf: prog '${program}': -- BEGIN PROG LOAD LOG --\n${log}\n-- END PROG LOAD LOG --\n`;
  return `${warn(`prog '${program}': BPF program load failed: -EINVAL`)}${block}${warn(`prog '${program}': failed to load: -EINVAL`)}`;
}

test.each([
  ["BPF map 'm' is referenced but wasn't created", "verify map-create-failed: map 'm' is used but was not created"],
  ['invalid func unknown#2001000003', 'verify map-create-failed: the program uses a map that was not created'],
  ["kfunc 'bpf_f' is referenced but wasn't resolved", 'verify kfunc-missing: kfunc bpf_f is called but does not exist in this kernel'],
  ['invalid func unknown#2002000003', 'verify kfunc-missing: the program calls a kfunc that this kernel lacks'],
  [
    'calling kernel function bpf_f is not allowed',
    'verify kfunc-not-allowed: kfunc bpf_f may not be called from this program on this kernel',
  ],
  [
    'program must be sleepable to call sleepable kfunc bpf_f',
    'verify kfunc-not-allowed: kfunc bpf_f may sleep, and this program is not sleepable',
  ],
  [
    "number of funcs in func_info doesn't match number of subprogs",
    'verify insn-unsupported: this kernel does not know functions as callbacks: func_info lists more functions than it finds',
  ],
  [
    "pseudo btf_id 10927 in ldimm64 isn't KIND_VAR.",
    'verify insn-unsupported: this kernel does not let programs take the address of a kernel function, as bpf_ksym_exists() does',
  ],
  [
    'calling kernel function is not supported',
    'verify kfunc-missing: this kernel does not support kfunc calls: calling kernel function is not supported',
  ],
  ['invalid func unknown#9999', 'verify helper-unknown: helper #9999 is unknown to this kernel'],
  ['invalid func bpf_new#9999', 'verify helper-unknown: helper bpf_new#9999 is unknown to this kernel'],
  ['unknown func bpf_d_path#147', 'verify helper-not-allowed: helper bpf_d_path#147 is not available to program type kprobe here'],
  [
    'cannot call GPL-restricted function from non-GPL compatible program',
    'verify helper-not-allowed: verifier: cannot call GPL-restricted function from non-GPL compatible program',
  ],
  [
    'BPF program is too large. Processed 1000001 insn',
    'verify complexity-limit: verifier: BPF program is too large. Processed 1000001 insn',
  ],
  ['unknown opcode e5', 'verify insn-unsupported: verifier: unknown opcode e5'],
  ['2: (db) r1 = x\nunknown opcode db', 'verify insn-unsupported: verifier: unknown opcode db at insn 2: (db) r1 = x'],
  ['attach_btf_id 12 is not a function', 'verify attach-target-missing: verifier: attach_btf_id 12 is not a function'],
  ['Only fentry programs can be sleepable', 'verify program-type-unsupported: verifier: Only fentry programs can be sleepable'],
  ['R1 leaks addr into map', 'verify permission: verifier: R1 leaks addr into map'],
  ['infinite loop detected at insn 3', 'verify verifier-rejected: verifier: infinite loop detected at insn 3'],
  ['3: (05) goto pc-1\ninfinite loop detected at insn 3', 'verify verifier-rejected: verifier: infinite loop detected at insn 3'],
  ["2: (61) r0 = x\nR1 invalid mem access 'scalar'", "verify verifier-rejected: verifier: R1 invalid mem access 'scalar' at insn 2"],
  ['something new', 'verify unknown: verifier: something new'],
  ['div by zero', 'verify verifier-rejected: verifier: div by zero'],
  [
    'kernel is missing BTF, make sure CONFIG_DEBUG_INFO_BTF=y is specified in Kconfig.',
    'verify btf-missing: verifier: kernel is missing BTF, make sure CONFIG_DEBUG_INFO_BTF=y is specified in Kconfig.',
  ],
  [
    'processed 3 insns',
    'verify program-type-unsupported: the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL',
  ],
])('what the verifier says, %j, decides the class', (log, expected) => {
  expect(verdict({ text: rejected(log) })).toBe(expected);
});

test('a weak kernel function that the kernel has with another prototype is not called missing', () => {
  const text = rejected("kfunc 'bpf_f' is referenced but wasn't resolved");
  expect(verdict({ text, differsKfunc: (name) => name === 'bpf_f' })).toBe(
    'verify kfunc-missing: kfunc bpf_f is called, but its prototype in this kernel differs from that in the object',
  );
});

test('a helper has the name that the kernel or the table of helpers knows', () => {
  expect([helperName(4, null), helperName(4, 'bpf_other'), helperName(4, 'unknown'), helperName(99_999, null)]).toEqual([
    'bpf_probe_read#4',
    'bpf_other#4',
    '#4',
    '#99999',
  ]);
});

const HINT = "permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB";
const TRIVIAL =
  "Error in bpf_object__probe_loading(): Operation not permitted(1). Couldn't load trivial BPF program. Make sure your kernel supports BPF.";
const LOCKDOWN = '[1.0] Lockdown: x: use of bpf to read kernel RAM is restricted\n';

test('a load that the kernel does not permit has the most specific reason', () => {
  const denied = (text: string, more: Partial<Load> = {}) => verdict({ text, errno: 1, ...more });
  expect([
    denied(rejected('')),
    denied('', { reached: 'prepare' }),
    denied(warn(TRIVIAL), { reached: 'prepare' }),
    denied(warn('settings: x', TRIVIAL), { reached: 'prepare' }),
    denied(warn(TRIVIAL), { reached: 'prepare', kernelLog: LOCKDOWN }),
    denied(warn(HINT, TRIVIAL), { reached: 'prepare' }),
    denied(warn(TRIVIAL, HINT), { reached: 'prepare', enumerators: ['BPF_FUNC_ktime_get_coarse_ns'] }),
    denied(warn(HINT), { reached: 'prepare', enumerators: ['BPF_FUNC_other'] }),
    denied(warn(HINT), { reached: 'prepare', errno: 5 }),
  ]).toMatchInlineSnapshot(`
    [
      "verify permission: the kernel does not permit the load: EPERM",
      "relocate permission: the kernel does not permit the load: EPERM",
      "relocate permission: Error in bpf_object__probe_loading(): Operation not permitted(1). Couldn't load trivial BPF program. Make sure your kernel supports BPF.",
      "relocate permission: Error in bpf_object__probe_loading(): Operation not permitted(1). Couldn't load trivial BPF program. Make sure your kernel supports BPF.",
      "relocate permission: Lockdown: x: use of bpf to read kernel RAM is restricted",
      "relocate resource-limit: permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB",
      "relocate permission: Error in bpf_object__probe_loading(): Operation not permitted(1). Couldn't load trivial BPF program. Make sure your kernel supports BPF.",
      "relocate resource-limit: permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB",
      "relocate unknown: permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB (EIO)",
    ]
  `);
});

test('a program that the kernel refuses without a word has a class only if the error number is about programs', () => {
  expect([
    verdict({ text: rejected(''), type: 'netfilter', enumerators: [] }),
    verdict({ text: rejected(''), type: 'netfilter', enumerators: ['BPF_PROG_TYPE_NETFILTER'] }),
    verdict({ text: rejected('', 'subprogram'), enumerators: [] }),
    verdict({ text: rejected(''), errno: 5 }),
    verdict({ text: '', reached: 'prepare' }),
    verdict({ text: warn('x'), reached: 'prepare', errno: 12 }),
  ]).toMatchInlineSnapshot(`
    [
      "verify program-type-unsupported: program type netfilter is unknown to this kernel",
      "verify program-type-unsupported: the kernel refuses program type netfilter, or its attach type or flags, before verification: EINVAL",
      "verify program-type-unsupported: the kernel refuses program type of this program, or its attach type or flags, before verification: EINVAL",
      "verify unknown: prog 'p': failed to load: -EINVAL (EIO)",
      "relocate unknown: the load fails with EINVAL",
      "relocate unknown: x (ENOMEM)",
    ]
  `);
});

test('a missing attach target is worded by its program and section', () => {
  const missing = (program: string, target: string) =>
    warn(`prog '${program}': failed to find kernel BTF type ID of '${target}': -ESRCH`, `prog '${program}': failed to load: -ESRCH`);
  const structOps = (text: string) => verdict({ text: warn(text), errno: 95 });
  expect([
    verdict({ text: missing('first', 'sched_switch'), errno: 3 }),
    verdict({ text: missing('p', 'sched_switch'), errno: 3 }),
    verdict({ text: missing('subprogram', 'gone'), errno: 3 }),
    structOps('struct_ops init_kern some_map: Cannot find member member_name in kernel BTF'),
    structOps('struct_ops init_kern s: Cannot find member m in kernel BTF (x)'),
    structOps('struct_ops init_kern s: struct bpf_struct_ops_a is not found in kernel BTF'),
    structOps('struct_ops init_kern s: struct b is not found in kernel BTF, x'),
    structOps('struct_ops init_kern s: Error in member m'),
    structOps('struct_ops init failed: struct_ops init_kern s: Cannot find member m in kernel BTF'),
  ]).toMatchInlineSnapshot(`
    [
      "verify attach-target-missing: attach target btf_trace_sched_switch (tracing) is not in this kernel's BTF",
      "verify attach-target-missing: attach target sched_switch (kprobe) is not in this kernel's BTF",
      "verify attach-target-missing: attach target gone is not in this kernel's BTF",
      "relocate attach-target-missing: struct_ops member member_name (map some_map) is not in this kernel's BTF",
      "relocate attach-target-missing: struct_ops init_kern s: Cannot find member m in kernel BTF (x)",
      "relocate attach-target-missing: struct_ops type a is not in this kernel's BTF",
      "relocate attach-target-missing: struct_ops init_kern s: struct b is not found in kernel BTF, x",
      "relocate attach-target-missing: struct_ops init_kern s: Error in member m",
      "relocate attach-target-missing: struct_ops init failed: struct_ops init_kern s: Cannot find member m in kernel BTF",
    ]
  `);
});

test('a program that was refused stays the reason if libbpf then says something about another one', () => {
  expect(verdict({ text: rejected('2: (95) exit\nR0 !read_ok') + warn("prog 'first': something else") })).toBe(
    'verify verifier-rejected: verifier: R0 !read_ok at insn 2',
  );
});

test('a function without an address is a missing target, with the reason that the guest found', () => {
  const withTargets = (targets: CellEvidence['targets']) => {
    const text = rejected('The address of function f cannot be found\nprocessed 0 insns');
    const attempts: CellEvidence['attempts'] = [{ program: null, reached: 'load', errno: 2, openMs: 0, loadMs: 0, log: textRecords(text) }];
    const programs = [{ name: 'p', section: 'fentry/f', type: 'tracing', autoload: true, insns: 2 }];
    const evidence = { programs, leftOut: [], chosen: [], attempts, kernelLog: '', console: '', ...(targets && { targets }) };
    const { stage, class: failure, reason } = judgeCell({ object: { programs: PROGRAMS, relocations: [], maps: [] }, evidence });
    return `${stage} ${failure}: ${reason}`;
  };
  const facts = { state: 'variant', program: '', function: 'f', variant: 'f.isra.0' } as const;
  expect([
    withTargets(undefined),
    withTargets([{ ...facts, function: 'g' }]),
    withTargets([{ ...facts, state: 'unknown', variant: '' }]),
    withTargets([facts]),
    withTargets([{ ...facts, state: 'inlined', variant: '' }]),
  ]).toMatchInlineSnapshot(`
    [
      "verify attach-target-missing: verifier: The address of function f cannot be found",
      "verify attach-target-missing: verifier: The address of function f cannot be found",
      "verify attach-target-missing: verifier: The address of function f cannot be found",
      "verify attach-target-missing: function f was compiled as f.isra.0: this kernel has no symbol f",
      "verify attach-target-missing: function f has no symbol: BTF has it, kallsyms does not",
    ]
  `);
});

test('a program that only the JIT compiler refuses has the instruction as cause', () => {
  const refused = verdict({ text: rejected(''), errno: 524, kernelLog: '[1.0] bpf_jit: unknown opcode c3\n' });
  expect(refused).toBe('verify insn-unsupported: the JIT compiler of this kernel refuses an instruction: bpf_jit: unknown opcode c3');
});

test('what the kernel logs about another matter does not explain a program that it refuses', () => {
  const jit = '[1.0] bpf_jit: unknown opcode c3\n';
  const attach = '[1.0] Lockdown: load: use of kprobes is restricted; see man kernel_lockdown.7\n';
  expect([
    verdict({ text: rejected(''), errno: 1, kernelLog: attach }),
    verdict({ text: rejected(''), errno: 13, kernelLog: attach }),
    verdict({ text: rejected('unknown func bpf_probe_read_kernel#113'), kernelLog: jit }),
    verdict({ text: rejected("of number of funcs in func_info doesn't match number of subprogs") }),
  ]).toMatchInlineSnapshot(`
    [
      "verify permission: the kernel does not permit the load: EPERM",
      "verify permission: the kernel refuses the program before verification: EACCES",
      "verify helper-not-allowed: helper bpf_probe_read_kernel#113 is not available to program type kprobe here",
      "verify unknown: verifier: of number of funcs in func_info doesn't match number of subprogs",
    ]
  `);
});
