// Which of several failures in a log decides: libbpf stops at the first step that fails, so the last message is about the step that failed.
import { expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import type { LoadAttempt } from '../../../harness/verdict/evidence/evidence.ts';
import { oneLine } from '../../../harness/verdict/failure.ts';
import { judgeCell } from '../../../harness/verdict/judge.ts';

const PROGRAMS = ['first', 'p', 'q'].map((name) => ({ name, section: `kprobe/${name}`, type: 'kprobe', insns: 9 }));

/** The verdict on a whole object, as `stage class: reason`. */
function verdict(lines: readonly string[], { reached = 'load', errno = 22 }: Partial<LoadAttempt> = {}): string {
  const log = textRecords(lines.map((line) => `<0>libbpf: ${line}\n`).join(''));
  const {
    stage,
    class: failure,
    reason,
  } = judgeCell({
    object: { programs: PROGRAMS, relocations: [], maps: [{ name: 'events', type: 'ringbuf' }] },
    evidence: {
      programs: PROGRAMS.map((program) => ({ ...program, autoload: true })),
      leftOut: [],
      chosen: [],
      attempts: [{ program: null, reached, errno, openMs: 0, loadMs: 0, log }],
      kernelLog: '',
      console: '',
    },
  });
  return `${stage} ${failure}: ${reason}`;
}

/** Messages that end a load, by the step that fails. */
const ENDS = {
  'kernel BTF': ['vmlinux BTF is not found'],
  extern: ["extern (var ksym) 'v': not found in kernel BTF"],
  relocation: ["prog 'p': relo #0: parsing [9] struct s + 0 failed: -22", "prog 'p': relo #0: failed to relocate: -22"],
  map: ["map 'events': failed to create: -EINVAL"],
  setting: ["settings: map 'events': key_size 3: -22"],
  object: ["prog 'p': bad map relo against 'x' in section 'y'"],
  attaching: ["prog 'p': failed to attach to pid:1: -EACCES"],
  struct_ops: ['struct_ops init_kern s: Cannot find member m in kernel BTF'],
  program: ["prog 'p': BPF program load failed: -EINVAL", "prog 'p': failed to load: -EINVAL"],
} as const satisfies Record<string, readonly string[]>;

test('each step that fails has its own verdict', () => {
  expect(Object.fromEntries(Object.entries(ENDS).map(([step, lines]) => [step, verdict(lines)]))).toMatchInlineSnapshot(`
    {
      "attaching": "attach permission: prog 'p': failed to attach to pid:1: -EACCES",
      "extern": "relocate ksym-missing: kernel symbol v: not found in kernel BTF",
      "kernel BTF": "relocate btf-missing: the kernel has no usable BTF: vmlinux BTF is not found",
      "map": "map-create map-create-failed: map 'events' (ringbuf): cannot be created: EINVAL",
      "object": "open object-invalid: prog 'p': bad map relo against 'x' in section 'y'",
      "program": "verify program-type-unsupported: the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL",
      "relocation": "relocate core-other: a relocation: parsing [9] struct s + 0 failed: -22",
      "setting": "open object-invalid: libbpf refuses a setting of the configuration: map 'events': key_size 3: -22",
      "struct_ops": "relocate attach-target-missing: struct_ops member m (map s) is not in this kernel's BTF",
    }
  `);
});

/** Messages that alone end a step, of libbpf 1.1 to 1.8. */
const ALONE = [
  "failed to alloc map '.rodata' content buffer: -ENOMEM",
  "prog 'p': failed to realloc prog code",
  "prog 'p': failed to add subprog offsets: -ENOMEM",
  'cannot create a dummy_ksym var',
  'failed to open /proc/kallsyms: -ENOENT',
  'kprobe offset must be a non-negative integer: -1',
  'kretprobes do not support offset specification',
  'tracing multi pattern is invalid: *:',
  "prog 'p': invalid section name 'tp/sched'",
  "prog 'p': section 'uprobe//bin/true' missing ':function[+offset]' specification",
  "prog 'p': invalid format of section definition 'uprobe/x'",
  "prog 'p': uretprobes do not support offset specification",
  "prog 'p': target netdevice ifindex cannot be zero",
  "usdt: unrecognized arg #1 spec '-4@x'",
  `invalid section 'usdt/x', expected SEC("usdt/<path>:<provider>:<name>")`,
] as const;

test('a message that a custom loader prints alone decides: too little memory, unreadable symbols, or a failure to attach', () => {
  const verdicts = ALONE.map((line) => verdict([line]));
  expect(verdicts).toMatchInlineSnapshot(`
    [
      "open resource-limit: failed to alloc map '.rodata' content buffer: -ENOMEM",
      "open resource-limit: prog 'p': failed to realloc prog code",
      "open resource-limit: prog 'p': failed to add subprog offsets: -ENOMEM",
      "open resource-limit: cannot create a dummy_ksym var",
      "relocate ksym-missing: the kernel's symbols cannot be read: failed to open /proc/kallsyms: -ENOENT",
      "attach attach-failed: kprobe offset must be a non-negative integer: -1",
      "attach attach-failed: kretprobes do not support offset specification",
      "attach attach-failed: tracing multi pattern is invalid: *:",
      "attach attach-failed: prog 'p': invalid section name 'tp/sched'",
      "attach attach-failed: prog 'p': section 'uprobe//bin/true' missing ':function[+offset]' specification",
      "attach attach-failed: prog 'p': invalid format of section definition 'uprobe/x'",
      "attach attach-failed: prog 'p': uretprobes do not support offset specification",
      "attach attach-failed: prog 'p': target netdevice ifindex cannot be zero",
      "attach attach-failed: usdt: unrecognized arg #1 spec '-4@x'",
      "attach attach-failed: invalid section 'usdt/x', expected SEC("usdt/<path>:<provider>:<name>")",
    ]
  `);
});

test('the last step that failed decides, whatever failed before', () => {
  const pairs = Object.entries(ENDS).flatMap(([first, before]) =>
    Object.entries(ENDS).map(([last, lines]) => ({ first, before, last, lines })),
  );
  const wrong = pairs.filter(({ before, lines }) => verdict([...before, ...lines]) !== verdict(lines));
  expect(wrong.map(({ first, last }) => `${first}, then ${last}`)).toEqual([]);
});

test('a hint about locked memory after the last step that failed changes no verdict', () => {
  const hint = "permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB";
  const changed = Object.entries(ENDS).filter(([, lines]) => verdict([...lines, hint]) !== verdict(lines));
  expect(changed.map(([step]) => step)).toEqual([]);
});

test('a message about another program or another topic is not the reason', () => {
  const load = (program: string) => [`prog '${program}': BPF program load failed: -EINVAL`, `prog '${program}': failed to load: -EINVAL`];
  const section = "prog 'first': missing BPF prog type, check ELF section name 'weird/x'";
  const target = "prog 'first': failed to find kernel BTF type ID of 'gone': -ESRCH";
  expect([
    verdict([section, ...load('p')]),
    verdict([target, ...load('p')]),
    verdict([...load('p'), "prog 'q': something else"]),
    verdict(["prog 'p': x missing BPF prog type, check ELF section name 'weird/x'", "prog 'p': failed to load: -EINVAL"]),
    verdict([target, "prog 'first': failed to load: -ESRCH"], { errno: 3 }),
    verdict(["prog 'p': something else", section, "prog 'first': failed to load: -EINVAL"]),
    verdict([
      "permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB",
      "settings: map 'events': key_size 3: -22",
    ]),
    verdict([
      "settings: map 'events': key_size 3: -22",
      "permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB",
    ]),
  ]).toMatchInlineSnapshot(`
    [
      "verify program-type-unsupported: the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL",
      "verify program-type-unsupported: the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL",
      "verify program-type-unsupported: the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL",
      "verify program-type-unsupported: the kernel refuses program type kprobe, or its attach type or flags, before verification: EINVAL",
      "verify attach-target-missing: attach target gone (kprobe) is not in this kernel's BTF",
      "verify object-invalid: missing BPF prog type, check ELF section name 'weird/x'",
      "open object-invalid: libbpf refuses a setting of the configuration: map 'events': key_size 3: -22",
      "open object-invalid: libbpf refuses a setting of the configuration: map 'events': key_size 3: -22",
    ]
  `);
});

test('an object that cannot be opened has the most specific message as its reason', () => {
  const open = (errno: number, ...lines: string[]) => verdict(lines, { reached: 'open', errno });
  expect([
    open(22, "elf: 'o' is not a proper ELF object", "failed to open object 'o'", 'failed to load object'),
    open(22, "elf: failed to open 'o'", "failed to init libelf for 'o'"),
    open(22, "failed to open object 'o'", 'failed to init it', "failed to load object 'o'"),
    open(22),
    open(12),
    open(38),
    open(38, "elf: 'o' is not a proper ELF object"),
    open(95, "elf: 'o' is not a proper ELF object"),
  ]).toMatchInlineSnapshot(`
    [
      "open object-invalid: libbpf cannot open the object: elf: 'o' is not a proper ELF object",
      "open object-invalid: libbpf cannot open the object: elf: failed to open 'o'",
      "open object-invalid: libbpf cannot open the object: failed to load object 'o'",
      "open object-invalid: libbpf cannot open the object: EINVAL",
      "open resource-limit: libbpf cannot open the object: ENOMEM",
      "open unknown: the kernel lacks a system call that libbpf needs to open an object (ENOSYS; memfd_create needs CONFIG_MEMFD_CREATE)",
      "open object-invalid: libbpf cannot open the object: elf: 'o' is not a proper ELF object",
      "open object-invalid: libbpf cannot open the object: elf: 'o' is not a proper ELF object",
    ]
  `);
});

test('libbpf before 0.7 names a program after everything else about it', () => {
  const log = '-- BEGIN DUMP LOG ---\nR0 !read_ok\n-- END LOG --';
  expect([
    verdict(['load bpf program failed: Permission denied', log, "failed to load program 'q'"], { errno: 13 }),
    verdict(['gone is not found in vmlinux BTF', "failed to load program 'q'"], { errno: 3 }),
    verdict(['gone is not found in vmlinux BTF'], { errno: 3 }),
    verdict(['load bpf program failed: Permission denied', log], { errno: 13 }),
  ]).toMatchInlineSnapshot(`
    [
      "verify verifier-rejected: verifier: R0 !read_ok",
      "verify attach-target-missing: attach target gone (kprobe) is not in this kernel's BTF",
      "verify unknown: gone is not found in vmlinux BTF (ESRCH)",
      "verify unknown: load bpf program failed: Permission denied (EACCES)",
    ]
  `);
});

test('an extern of the configuration has its name, also if the line of the configuration follows', () => {
  const line = `error parsing system Kconfig line 'CONFIG_X="text"': -22`;
  expect([
    verdict([`extern (kcfg) 'CONFIG_X': value '"text"' implies char array type`, line]),
    verdict([`extern (kcfg) 'CONFIG_X': value '"text"' implies char array type`, 'failed to open system Kconfig']),
    verdict(['failed to open system Kconfig']),
    verdict(["extern (var ksym) 'a': not found in kernel BTF", "extern (var ksym) 'b': not found in kernel BTF"]),
  ]).toMatchInlineSnapshot(`
    [
      "relocate kconfig-missing: kernel configuration CONFIG_X: value '"text"' implies char array type",
      "relocate kconfig-missing: kernel configuration CONFIG_X: value '"text"' implies char array type",
      "relocate kconfig-missing: the kernel's configuration cannot be read: failed to open system Kconfig",
      "relocate ksym-missing: kernel symbol b: not found in kernel BTF",
    ]
  `);
});

test('BTF that the kernel refuses without a reason means that it does not support BTF', () => {
  const refused = "Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.";
  expect([
    verdict([refused]),
    verdict(['-- BEGIN BTF LOAD LOG ---\n  \n-- END BTF LOAD LOG --', refused]),
    verdict(['-- BEGIN BTF LOAD LOG ---\nInvalid name\n-- END BTF LOAD LOG --', refused]),
    verdict(['vmlinux BTF is not found', refused]),
  ]).toMatchInlineSnapshot(`
    [
      "relocate btf-missing: Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.",
      "relocate btf-missing: Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.",
      "relocate object-invalid: the kernel refuses the object's BTF: Invalid name",
      "relocate btf-missing: the kernel has no usable BTF: vmlinux BTF is not found",
    ]
  `);
});

test('BTF that the kernel refuses but does not need is not the reason of a later failure', () => {
  const refused = [
    'BTF loading error: -EINVAL',
    '-- BEGIN BTF LOAD LOG ---\n[2] INT int size=4 bits_offset=0 nr_bits=64 encoding=SIGNED nr_bits exceeds type_size\n-- END BTF LOAD LOG --',
    'Error loading .BTF into kernel: -EINVAL. BTF is optional, ignoring.',
  ];
  const alone = [...Object.values(ENDS), []].map((lines) => verdict(lines));
  expect([...Object.values(ENDS), []].map((lines) => verdict([...refused, ...lines]))).toEqual(alone);
});

test('a relocation that fails without its own message has the last specific warning as its reason', () => {
  expect([
    verdict(['failed to perform CO-RE relocations: -22']),
    verdict(['first', 'second', 'failed to perform CO-RE relocations: -22', "failed to load object 'o'"]),
    verdict(["prog 'p': relo #0: parsing [9] struct s + 0 failed: -22", 'failed to perform CO-RE relocations: -22']),
  ]).toMatchInlineSnapshot(`
    [
      "relocate core-other: CO-RE relocation: fails with EINVAL",
      "relocate core-other: CO-RE relocation: second",
      "relocate core-other: CO-RE relocation: prog 'p': relo #0: parsing [9] struct s + 0 failed: -22",
    ]
  `);
});

test('a reason has one line of at most 400 characters', () => {
  const reason = (length: number) => {
    const found = verdict([`prog 'p': ${'x'.repeat(length)}`], { errno: 5 });
    return found.slice(found.indexOf(': ') + 2);
  };
  // "prog 'p': " and " (EIO)" are 16 characters.
  expect([reason(384).length, reason(384).endsWith(' (EIO)'), reason(385).length, reason(385).endsWith('x (...')]).toEqual([
    400,
    true,
    400,
    true,
  ]);
  expect(verdict(["prog 'p': one \t  two "], { errno: 5 })).toBe("verify unknown: prog 'p': one two (EIO)");
  expect(oneLine('  one\n two \n')).toBe('one two');
});
