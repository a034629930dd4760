// Tests of verdicts of loads that the kernel or libbpf refuses without a verifier log, and of custom loaders that cannot attach.
import { expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import type { CellEvidence, CommandEvidence } from '../../../harness/verdict/evidence/evidence.ts';
import { judgeCell, type JudgeInput } from '../../../harness/verdict/judge.ts';

interface Load {
  errno: number;
  text: string;
  section?: string;
  type?: string | null;
  kernelLog?: string;
  enumerators?: JudgeInput['enumerators'];
  command?: CommandEvidence;
}

/** The verdict on the only program of an object, as `status | stage | class | reason`. */
function verdict({ errno, text, section = 'kprobe/f', type = 'kprobe', kernelLog = '', enumerators, command }: Load): string {
  const program = { name: 'p', section, type, insns: 9 };
  const evidence: CellEvidence = {
    programs: command ? [] : [{ ...program, type: type ?? '', autoload: true }],
    leftOut: [],
    chosen: [],
    attempts: [{ program: null, reached: 'load', errno, openMs: 0, loadMs: 0, log: textRecords(text) }],
    kernelLog,
    console: '',
    ...(command && { command }),
  };
  const object = { programs: [program], relocations: [], maps: [] };
  const [judged] = judgeCell({ object, evidence, ...(enumerators && { enumerators }) }).programs;
  return [judged?.status, judged?.stage, judged?.class, judged?.reason].join(' | ');
}

/** The lines that libbpf 1.7 prints for a program that the kernel refuses. */
function refused(error: string, log = ''): string {
  const block = log === '' ? '' : `<0>libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n${log}\n-- END PROG LOAD LOG --\n`;
  return `<0>libbpf: prog 'p': BPF program load failed: ${error}\n${block}<0>libbpf: prog 'p': failed to load: ${error}\n<0>libbpf: failed to load object 'o'\n`;
}

const warn = (...lines: string[]) => lines.map((line) => `<0>libbpf: ${line}\n`).join('');
const LOCKDOWN = '[1.0] Lockdown: init: use of bpf to read kernel RAM is restricted; see man kernel_lockdown.7\n';
const missing = (target: string) =>
  warn(`prog 'p': failed to find kernel BTF type ID of '${target}': -ESRCH`, `prog 'p': failed to load: -ESRCH`);

test('the error number of a refusal without a message decides its class', () => {
  const errors = { EPERM: 1, E2BIG: 7, ENOMEM: 12, EACCES: 13, EINVAL: 22, ENOSPC: 28, EOPNOTSUPP: 95, ENOTSUPP: 524, EIO: 5 };
  const found = Object.entries(errors).map(([error, errno]) => `${error}: ${verdict({ errno, text: refused(`-${error}`) })}`);
  expect(found).toMatchInlineSnapshot(`
    [
      "EPERM: fail | verify | permission | the kernel does not permit the load: EPERM",
      "E2BIG: fail | verify | complexity-limit | the kernel refuses the program before verification: E2BIG",
      "ENOMEM: fail | verify | resource-limit | the kernel refuses the program before verification: ENOMEM",
      "EACCES: fail | verify | permission | the kernel refuses the program before verification: EACCES",
      "EINVAL: fail | verify | program-type-unsupported | the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL",
      "ENOSPC: fail | verify | resource-limit | the kernel refuses the program before verification: ENOSPC",
      "EOPNOTSUPP: fail | verify | program-type-unsupported | the kernel refuses program type kprobe, or its attach type or flags, before verification: EOPNOTSUPP",
      "ENOTSUPP: fail | verify | program-type-unsupported | the kernel refuses program type kprobe, or its attach type or flags, before verification: ENOTSUPP",
      "EIO: fail | verify | unknown | prog 'p': failed to load: -EIO (EIO)",
    ]
  `);
});

test('a program type is unknown only if the kernel has BTF without it', () => {
  const of = (type: string, names?: string[]) =>
    verdict({ errno: 22, text: refused('-EINVAL'), type, ...(names && { enumerators: new Set(names) }) });
  expect([of('kprobe'), of('kprobe', []), of('kprobe', ['BPF_PROG_TYPE_KPROBE'])]).toMatchInlineSnapshot(`
    [
      "fail | verify | program-type-unsupported | the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL",
      "fail | verify | program-type-unsupported | program type kprobe is unknown to this kernel",
      "fail | verify | program-type-unsupported | the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL",
    ]
  `);
});

test('only the kernel log names lockdown', () => {
  const call = refused('-EINVAL', '1: (85) call bpf_probe_read_kernel#113\nunknown func bpf_probe_read_kernel#113');
  expect([
    verdict({ errno: 22, text: call }),
    verdict({ errno: 22, text: call, kernelLog: LOCKDOWN }),
    verdict({ errno: 1, text: refused('-EPERM'), kernelLog: LOCKDOWN }),
    verdict({ errno: 22, text: refused('-EINVAL', '2: (95) exit\nR0 !read_ok'), kernelLog: LOCKDOWN }),
  ]).toMatchInlineSnapshot(`
    [
      "fail | verify | helper-not-allowed | helper bpf_probe_read_kernel#113 is not available to program type kprobe here",
      "fail | verify | permission | Lockdown: init: use of bpf to read kernel RAM is restricted; see man kernel_lockdown.7 (helper bpf_probe_read_kernel#113)",
      "fail | verify | permission | Lockdown: init: use of bpf to read kernel RAM is restricted; see man kernel_lockdown.7",
      "fail | verify | verifier-rejected | verifier: R0 !read_ok at insn 2",
    ]
  `);
});

test('an attach target has the name that it has in BTF', () => {
  expect([
    verdict({ errno: 3, text: missing('sched_switch'), section: 'tp_btf/sched_switch', type: 'tracing' }),
    verdict({ errno: 3, text: missing('do_unlinkat'), section: 'fentry/do_unlinkat', type: 'tracing' }),
    verdict({ errno: 3, text: missing('bprm_check'), section: 'lsm/bprm_check', type: 'lsm' }),
    verdict({ errno: 3, text: missing('other'), section: 'tp_btf/sched_switch', type: null }),
    verdict({ errno: 95, text: warn('struct_ops init_kern s: Cannot find member m in kernel BTF') }),
    verdict({ errno: 95, text: warn('struct_ops init_kern s: struct bpf_struct_ops_tcp_congestion_ops is not found in kernel BTF') }),
    verdict({ errno: 95, text: warn('struct_ops init_kern s: struct tcp_ops is not found in kernel BTF') }),
  ]).toMatchInlineSnapshot(`
    [
      "fail | verify | attach-target-missing | attach target btf_trace_sched_switch (tracing) is not in this kernel's BTF",
      "fail | verify | attach-target-missing | attach target do_unlinkat (tracing) is not in this kernel's BTF",
      "fail | verify | attach-target-missing | attach target bpf_lsm_bprm_check (lsm) is not in this kernel's BTF",
      "fail | verify | attach-target-missing | attach target other is not in this kernel's BTF",
      "fail | relocate | attach-target-missing | struct_ops member m (map s) is not in this kernel's BTF",
      "fail | relocate | attach-target-missing | struct_ops type tcp_congestion_ops is not in this kernel's BTF",
      "fail | relocate | attach-target-missing | struct_ops type tcp_ops is not in this kernel's BTF",
    ]
  `);
});

test('missing or refused BTF has its own class', () => {
  const NO_WORDS = '-- BEGIN BTF LOAD LOG ---\n \n-- END BTF LOAD LOG --';
  expect([
    verdict({ errno: 2, text: warn('BTF is required, but is missing or corrupted.') }),
    verdict({ errno: 22, text: warn("Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.") }),
    verdict({
      errno: 22,
      text: warn(
        '-- BEGIN BTF LOAD LOG ---\nmagic: 0xeb9f\nInvalid name\n-- END BTF LOAD LOG --',
        "Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.",
      ),
    }),
    verdict({
      errno: 3,
      text: warn(
        "kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?",
        'failed to find valid kernel BTF',
      ),
    }),
    verdict({ errno: 22, text: warn(NO_WORDS, "Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.") }),
  ]).toMatchInlineSnapshot(`
    [
      "fail | open | object-invalid | the object has no usable BTF",
      "fail | relocate | btf-missing | Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.",
      "fail | relocate | object-invalid | the kernel refuses the object's BTF: Invalid name",
      "fail | relocate | btf-missing | the kernel has no usable BTF: kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?",
      "fail | relocate | btf-missing | Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.",
    ]
  `);
});

test('the first unresolved extern ends a load', () => {
  expect([
    verdict({ errno: 3, text: warn("extern 'CONFIG_X' (strong): not resolved") }),
    verdict({ errno: 3, text: warn("extern (var ksym) 'v': not found in kernel BTF") }),
    verdict({ errno: 22, text: warn("extern (func ksym) 'bpf_f': not found in kernel or module BTFs") }),
    verdict({
      errno: 22,
      text: warn(
        `extern (kcfg) 'CONFIG_X': value '"text"' implies char array type`,
        `error parsing system Kconfig line 'CONFIG_X="text"': -22`,
      ),
    }),
    verdict({ errno: 2, text: warn('failed to open system Kconfig') }),
  ]).toMatchInlineSnapshot(`
    [
      "fail | relocate | kconfig-missing | kernel configuration CONFIG_X: not resolved",
      "fail | relocate | ksym-missing | kernel symbol v: not found in kernel BTF",
      "fail | relocate | kfunc-missing | kfunc bpf_f: not found in kernel or module BTFs",
      "fail | relocate | kconfig-missing | kernel configuration CONFIG_X: value '"text"' implies char array type",
      "fail | relocate | kconfig-missing | the kernel's configuration cannot be read: failed to open system Kconfig",
    ]
  `);
});

test('a relocation that cannot be applied ends a load', () => {
  const relocation = "prog 'p': relo #0: ";
  expect([
    verdict({
      errno: 22,
      text: warn(
        `${relocation}unrecognized CO-RE relocation <?> (99) at insn #1`,
        `${relocation}failed to relocate: -22`,
        "prog 'p': failed to relocate: -22",
      ),
    }),
    verdict({ errno: 22, text: warn('failed to perform CO-RE relocations: -22') }),
    verdict({ errno: 22, text: warn('something before it', 'failed to perform CO-RE relocations: -22') }),
  ]).toMatchInlineSnapshot(`
    [
      "fail | relocate | core-other | a relocation: unrecognized CO-RE relocation <?> (99) at insn #1",
      "fail | relocate | core-other | CO-RE relocation: fails with EINVAL",
      "fail | relocate | core-other | CO-RE relocation: something before it",
    ]
  `);
});

test('a custom loader that cannot attach fails with the cause that libbpf printed', () => {
  const failed = (...lines: string[]) => {
    const stderr = warn(...lines).replaceAll('<0>', '');
    return verdict({ errno: 0, text: stderr, command: { end: 'exited', value: 1, stdout: '', stderr } });
  };
  const consequence = (error: string) => `prog 'p': failed to auto-attach: ${error}`;
  expect([
    failed("prog 'p': failed to create kprobe 'f+0x0' perf event: -ENOENT", consequence('-ENOENT')),
    failed("prog 'p': failed to create kprobe 'f+0x0' perf event: -EPERM", consequence('-EPERM')),
    failed("prog 'p': failed to create kprobe 'f+0x0' perf event: -EACCES", consequence('-EACCES')),
    failed("prog 'p': failed to create kprobe 'f+0x0' perf event: -ENOMEM", consequence('-ENOMEM')),
    failed("prog 'p': failed to create kprobe 'f+0x0' perf event: -EBUSY", consequence('-EBUSY')),
    failed("prog 'p': failed to attach: -ESRCH"),
    failed(consequence('-ENODEV')),
    failed("prog 'p': failed to find a unique match for 'f' (0 matches)", consequence('-ENOENT')),
    failed("prog 'p': failed to find a unique match for 'f' (2 matches)", consequence('-EINVAL')),
    failed("prog 'p': failed to find a unique match for 'long_name' (0 matches)"),
    failed("prog 'p': failed to find a unique match for 'f' (0 matches) in x", consequence('-EINVAL')),
    failed("prog 'p': failed to create kprobe without a number", consequence('-ENOENT')),
    failed("prog 'p': failed to create kprobe 'f': -EPERM", "prog 'p': failed to attach: -EIO"),
    failed("prog 'p': failed to create kprobe without a number"),
  ]).toMatchInlineSnapshot(`
    [
      "fail | attach | attach-target-missing | prog 'p': failed to create kprobe 'f+0x0' perf event: -ENOENT",
      "fail | attach | permission | prog 'p': failed to create kprobe 'f+0x0' perf event: -EPERM",
      "fail | attach | permission | prog 'p': failed to create kprobe 'f+0x0' perf event: -EACCES",
      "fail | attach | resource-limit | prog 'p': failed to create kprobe 'f+0x0' perf event: -ENOMEM",
      "fail | attach | attach-failed | prog 'p': failed to create kprobe 'f+0x0' perf event: -EBUSY",
      "fail | attach | attach-target-missing | prog 'p': failed to attach: -ESRCH",
      "fail | attach | attach-target-missing | prog 'p': failed to auto-attach: -ENODEV",
      "fail | attach | attach-target-missing | prog 'p': failed to find a unique match for 'f' (0 matches)",
      "fail | attach | attach-failed | prog 'p': failed to find a unique match for 'f' (2 matches)",
      "fail | attach | attach-target-missing | prog 'p': failed to find a unique match for 'long_name' (0 matches)",
      "fail | attach | attach-failed | prog 'p': failed to find a unique match for 'f' (0 matches) in x",
      "fail | attach | attach-target-missing | prog 'p': failed to create kprobe without a number",
      "fail | attach | permission | prog 'p': failed to create kprobe 'f': -EPERM",
      "fail | attach | attach-failed | prog 'p': failed to create kprobe without a number",
    ]
  `);
});
