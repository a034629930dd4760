// Tests of verdicts on the reports of cilium/ebpf 0.22 and aya 0.14 from guests with Linux 5.10 and 6.12. Verifier logs are without source lines.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ObjectRelocation } from '../../../harness/bpf/object/places.ts';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import type { CellEvidence, LoadAttempt, LoaderReport } from '../../../harness/verdict/evidence/evidence.ts';
import { judgeCell, type JudgeInput } from '../../../harness/verdict/judge.ts';
import type { JudgedObject } from '../../../harness/verdict/rules/context.ts';

type Library = 'cilium/ebpf' | 'aya';

/** A report that ends with a failure of the whole object. */
interface Failed {
  library: Library;
  failure: LoaderReport['failures'][number];
  section?: string;
  type?: string;
  reached?: LoadAttempt['reached'];
  verifierLog?: string;
  /** The subject of the log. @default 'p' */
  logOf?: string;
  relocations?: LoaderReport['relocations'];
  subprograms?: LoaderReport['subprograms'];
}

const DEFAULT_PROGRAM = { section: 'xdp', type: 'xdp' };

function judge(failed: Failed, object: Partial<JudgedObject> = {}, input: Partial<JudgeInput> = {}) {
  const { library, failure, reached = 'load', verifierLog, relocations = [], subprograms = [] } = failed;
  const program = { name: 'p', insns: 8, section: failed.section ?? DEFAULT_PROGRAM.section, type: failed.type ?? DEFAULT_PROGRAM.type };
  const verifierLogs = verifierLog === undefined ? [] : [{ program: failed.logOf ?? 'p', text: verifierLog }];
  const reported = { failures: [failure], verifierLogs, relocations, subprograms };
  const attempt: LoadAttempt = { program: null, reached, errno: failure.errno, openMs: 0, loadMs: 0, log: [], reported };
  const programs = [{ ...program, autoload: true }];
  const evidence: CellEvidence = { programs, leftOut: [], chosen: [], attempts: [attempt], kernelLog: '', console: '' };
  return judgeCell({ object: { programs: [program], relocations: [], maps: [], ...object }, evidence, library, ...input });
}

/** `stage class errno: reason` */
function verdict(...args: Parameters<typeof judge>): string {
  const [program] = judge(...args).programs;
  return `${program?.stage} ${program?.class} ${program?.errno}: ${program?.reason}`;
}

/** The outcome of each relocation, with its values, whether the verifier reached it, and its candidates. */
function records(...args: Parameters<typeof judge>): string[] {
  return judge(...args).relocations.map(({ outcome, local, target, reached, candidates }) => {
    const tried = candidates.map(({ spec, matches }) => `${matches ? '=' : '!'}${spec}`).join(' ');
    return `${outcome} ${local} -> ${target} | reached: ${reached} | ${tried}`;
  });
}

const cilium = (about: Failed['failure']['about'], text: string, errno = 22, name = 'p'): Pick<Failed, 'library' | 'failure'> => ({
  library: 'cilium/ebpf',
  failure: { about, errno, name, text },
});
const aya = (about: Failed['failure']['about'], text: string, errno = 0, name = ''): Pick<Failed, 'library' | 'failure'> => ({
  library: 'aya',
  failure: { about, errno, name, text },
});
const AYA_REFUSED = aya('program', 'the BPF_PROG_LOAD syscall returned Invalid argument (os error 22)', 22, 'p');

test('what a library refuses itself is the object, and what the kernel lacks has a class of its own', () => {
  const maps = [{ name: 'm', type: 'bloom_filter' }];
  expect([
    verdict({ ...cilium('object', 'load BTF maps: missing BTF', 22, ''), reached: 'open' }),
    verdict({ ...aya('object', 'no BTF parsed for object'), reached: 'open' }),
    verdict({ ...aya('object', 'BTF error: Unable to determine the size of section `.ksyms`', 0, '.ksyms'), reached: 'prepare' }),
    verdict({ ...aya('setting', 'symbol `limit` not found', 0, 'limit'), reached: 'prepare' }),
    verdict({ ...cilium('map', 'map m: map create: invalid argument', 22, 'm'), reached: 'prepare' }, { maps }),
    verdict(
      { ...aya('map', 'map error: failed to create map `m`: Invalid argument (os error 22)', 22, 'm'), reached: 'prepare' },
      { maps },
    ),
    verdict({ ...aya('map', 'map error: invalid map type 90'), reached: 'prepare' }, { maps }),
    verdict({ ...cilium('program', 'program p: load program: invalid argument'), section: 'netfilter', type: 'netfilter' }),
    verdict({
      ...cilium('btf', 'program p: apply CO-RE relocations: load kernel spec: no BTF found for kernel version 5.4.0: not supported'),
    }),
    verdict({ ...aya('btf', 'BTF error: the BPF_BTF_LOAD syscall returned Invalid argument (os error 22)', 22) }),
    verdict({
      ...aya('relocation', 'error relocating `xdp`: relocation #0 of kind `TypeSize` not valid for type `Fwd`', 0, 'xdp'),
      reached: 'prepare',
    }),
  ]).toMatchInlineSnapshot(`
    [
      "open object-invalid 22: cilium/ebpf cannot open the object: load BTF maps: missing BTF",
      "open object-invalid 0: aya cannot open the object: no BTF parsed for object",
      "open object-invalid 0: aya cannot open the object: BTF error: Unable to determine the size of section \`.ksyms\`",
      "open object-invalid 0: aya refuses a setting of the configuration: symbol \`limit\` not found",
      "map-create map-type-unsupported 22: map 'm' (bloom_filter): its type is unknown to this kernel: EINVAL",
      "map-create map-type-unsupported 22: map 'm' (bloom_filter): its type is unknown to this kernel: EINVAL",
      "open object-invalid 0: aya cannot open the object: map error: invalid map type 90",
      "verify program-type-unsupported 22: the kernel refuses program type netfilter, or its attach type or flags, before verification: EINVAL",
      "relocate btf-missing 22: the kernel has no usable BTF: program p: apply CO-RE relocations: load kernel spec: no BTF found for kernel version 5.4.0: not supported",
      "relocate btf-missing 22: BTF error: the BPF_BTF_LOAD syscall returned Invalid argument (os error 22)",
      "relocate core-other 0: CO-RE relocation: error relocating \`xdp\`: relocation #0 of kind \`TypeSize\` not valid for type \`Fwd\`",
    ]
  `);
});

test("a program for which cilium/ebpf gives the kernel no attach target is not the kernel's fault", () => {
  const NO_TARGET = 'Tracing programs must provide btf_id\nprocessed 0 insns (limit 1000000)\n';
  const ENOTSUPP = 524;
  const refused = (section: string, type: string, verifierLog: string | undefined, errno = 22) => {
    const failed = { ...cilium('program', 'program p: load program: it failed', errno), section, type };
    return verdict(verifierLog === undefined ? failed : { ...failed, verifierLog });
  };
  expect([
    refused('?lsm_cgroup/socket_bind', 'lsm', NO_TARGET),
    refused('freplace', 'ext', NO_TARGET),
    refused('fsession/vfs_read', 'tracing', 'attach_btf_id 0 is not a function\nprocessed 0 insns (limit 1000000)\n'),
    refused('struct_ops/init', 'struct_ops', undefined, ENOTSUPP),
  ]).toEqual(
    [
      ['lsm_cgroup', 22],
      ['freplace', 22],
      ['fsession', 22],
      ['struct_ops', ENOTSUPP],
    ].map(
      ([kind, errno]) =>
        `verify object-invalid ${errno}: cilium/ebpf gives the kernel no attach target for programs of section ${kind}: not the kernel's fault`,
    ),
  );
  const classes = [
    refused('struct_ops/init', 'struct_ops', undefined),
    refused('xdp', 'xdp', undefined, ENOTSUPP),
    refused('struct_ops/init', 'struct_ops', 'R1 type=ctx expected=fp\nprocessed 0 insns (limit 1000000)\n', ENOTSUPP),
    refused('fentry/f', 'tracing', 'x Tracing programs must provide btf_id\nprocessed 0 insns (limit 1000000)\n'),
    verdict({ ...AYA_REFUSED, verifierLog: NO_TARGET, section: 'freplace', type: 'ext' }),
    verdict({ ...cilium('btf', 'load BTF: it failed', ENOTSUPP, ''), section: 'struct_ops/init', type: 'struct_ops' }),
  ].map((line) => line.split(':')[0]);
  expect(classes).toMatchInlineSnapshot(`
    [
      "verify program-type-unsupported 22",
      "verify program-type-unsupported 524",
      "verify verifier-rejected 524",
      "verify unknown 22",
      "verify attach-target-missing 22",
      "relocate btf-missing 524",
    ]
  `);
});

test('the section of a program without an attach target is that of the program that was refused', () => {
  const programs = ['first', 'p', 'last'].map((name) => ({ name, insns: 8, section: `${name}_section/x`, type: 'tracing' }));
  const failed = { ...cilium('program', 'program p: load program: it failed'), verifierLog: 'Tracing programs must provide btf_id\n' };
  const reasons = (known: typeof programs) =>
    judge(failed, { programs: known }).programs.flatMap(({ name, reason }) => (name === 'p' ? [reason] : []));
  expect(reasons(programs)).toEqual([
    "cilium/ebpf gives the kernel no attach target for programs of section p_section: not the kernel's fault",
  ]);
});

test('a map that a library refuses without an answer of the kernel is no fault of the kernel', () => {
  const failed = { ...cilium('map', 'map m: map create: invalid argument', 22, 'm'), reached: 'prepare' } as const;
  const { failure } = failed;
  const said = [failed, { ...failed, failure: { ...failure, errno: 0 } }].map((each) =>
    verdict(each, { maps: [{ name: 'm', type: 'hash' }] }),
  );
  expect(said).toMatchInlineSnapshot(`
    [
      "map-create map-create-failed 22: map 'm' (hash): cannot be created: EINVAL",
      "open object-invalid 0: cilium/ebpf cannot open the object: map m: map create: invalid argument",
    ]
  `);
});

test('the reason of an object whose BTF the kernel refuses has the words of the kernel', () => {
  const failed = aya('btf', 'BTF error: the BPF_BTF_LOAD syscall returned Invalid argument (os error 22)', 22);
  const verifierLog = 'magic: 0xeb9f\n[1] INT a-b size=4 bits_offset=0 nr_bits=32 encoding=SIGNED Invalid name\n';
  expect(verdict({ ...failed, verifierLog, logOf: '' })).toMatchInlineSnapshot(
    `"relocate object-invalid 22: the kernel refuses the object's BTF: INT a-b size=4 bits_offset=0 nr_bits=32 encoding=SIGNED Invalid name"`,
  );
});

test('an extern that the kernel lacks has the same reason as with libbpf', () => {
  const extern = (text: string, errno = 22) => verdict({ ...cilium('extern', `program p: ${text}`, errno), reached: 'prepare' });
  expect([
    extern('resolve .kconfig: config option "CONFIG_NO_SUCH" does not exist on this kernel'),
    extern('resolve .kconfig: cannot find a kconfig file: neither /boot/config-6.12.0 nor /proc/config.gz provide a kconfig', 2),
    extern('fixing up kfuncs: kfunc "no_such_kfunc": not supported', 95),
    extern('fixing up kfuncs: finding kfunc in kernel: permission denied', 13),
    extern('resolve .ksyms: kernel is missing symbol: no_such_symbol'),
    extern('resolve .ksyms: resolve ksyms: open /proc/kallsyms: permission denied', 13),
  ]).toMatchInlineSnapshot(`
    [
      "relocate kconfig-missing 22: kernel configuration CONFIG_NO_SUCH: resolve .kconfig: config option "CONFIG_NO_SUCH" does not exist on this kernel",
      "relocate kconfig-missing 2: the kernel's configuration cannot be read: resolve .kconfig: cannot find a kconfig file: neither /boot/config-6.12.0 nor /proc/config.gz provide a kconfig",
      "relocate kfunc-missing 95: kfunc no_such_kfunc: fixing up kfuncs: kfunc "no_such_kfunc": not supported",
      "relocate kfunc-missing 13: the kernel's kfuncs cannot be read: fixing up kfuncs: finding kfunc in kernel: permission denied",
      "relocate ksym-missing 22: kernel symbol no_such_symbol: resolve .ksyms: kernel is missing symbol: no_such_symbol",
      "relocate ksym-missing 13: the kernel's symbols cannot be read: resolve .ksyms: resolve ksyms: open /proc/kallsyms: permission denied",
    ]
  `);
});

test('an attach target that the kernel lacks has the same reason with both libraries', () => {
  const fentry = { section: 'fentry/no_such_function', type: 'tracing' };
  const expected = "attach target no_such_function (tracing) is not in this kernel's BTF";
  expect([
    verdict({ ...cilium('attach', 'program p: attach Tracing/TraceFEntry: fentry no_such_function not supported', 2), ...fentry }),
    verdict({ ...aya('program', 'unknown BTF type `no_such_function`', 0, 'p'), ...fentry }),
  ]).toEqual([`verify attach-target-missing 2: ${expected}`, `verify attach-target-missing 0: ${expected}`]);
});

test('a rejected program has the last words of the verifier as its reason, and its log', () => {
  const log = `0: R1=ctx() R10=fp0
0: (b7) r1 = 0                        ; R1_w=0
1: (7b) *(u64 *)(r10 -600) = r1
invalid write to stack R10 off=-600 size=8
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;
  const text = 'program p: load program: permission denied: invalid write to stack R10 off=-600 size=8 (6 line(s) omitted)';
  const rejected = { ...cilium('program', text, 13), verifierLog: log };
  expect([verdict(rejected), judge(rejected).logs, judge(rejected).programs[0]?.logs]).toEqual([
    'verify verifier-rejected 13: verifier: invalid write to stack R10 off=-600 size=8 at insn 1',
    { loader: '', verifier: log },
    { loader: null, verifier: log },
  ]);
});

const ENUMERATOR: ObjectRelocation = {
  index: 0,
  section: '.text',
  program: 'sub',
  insn: 1,
  kind: 'enumval_value',
  spec: 'enum bpf_map_type::NO_SUCH = 5',
  access: 'enum bpf_map_type::NO_SUCH',
  source: null,
};
const FIELD: ObjectRelocation = {
  index: 0,
  section: 'xdp',
  program: 'p',
  insn: 2,
  kind: 'field_exists',
  spec: 'struct nos.x (0:0 @ offset 0)',
  access: 'nos.x',
  source: null,
};
/** A program, and a function in it that reads an enumerator which the kernel lacks. */
const CALLS_SUB: Partial<JudgedObject> = { relocations: [ENUMERATOR, FIELD] };
const CANDIDATES = { candidates: () => [[{ spec: '[1903] enum bpf_map_type::BPF_MAP_TYPE_UNSPEC = 0', matches: false }], []] };

const PATCHED = { outcome: 'patched', insn: 2, from: '1', to: '0', function: 'p', text: 'field_exists=1->0' } as const;
const POISONED = { outcome: 'poisoned', insn: 1, from: '0', to: '0', function: 'sub', text: 'enumval_value=poison' } as const;
const SUB = { insns: 5, offset: 8, program: 'p', function: 'sub' };

const BY_CILIUM: Failed = {
  ...cilium('program', 'program p: load program: bad CO-RE relocation: frame pointer is read only (7 line(s) omitted)'),
  verifierLog: `Validating sub() func#1...
8: R1=ctx() R10=fp0
8: (61) r0 = *(u32 *)(r1 +0)          ; R0_w=pkt(r=0) R1=ctx()
; instruction poisoned by CO-RE @ :0
9: (18) r10 = 0xbad2310
frame pointer is read only
processed 11 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1
`,
  relocations: [PATCHED, POISONED],
  subprograms: [SUB],
};

const BY_AYA: Failed = {
  ...AYA_REFUSED,
  verifierLog: `Validating sub() func#1...
8: R1=ctx() R10=fp0
8: (61) r0 = *(u32 *)(r1 +0)          ; R0_w=pkt(r=0) R1=ctx()
9: (85) call unknown#195896080
invalid func unknown#195896080
verification time 2259 usec
stack depth 0+0
processed 11 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1
`,
  relocations: [
    { ...POISONED, text: '' },
    { ...PATCHED, text: '' },
  ],
  subprograms: [SUB],
};

test.each([BY_CILIUM, BY_AYA])('a poisoned relocation that the verifier reached in a function is the reason with $library', (failed) => {
  expect(verdict(failed, CALLS_SUB, CANDIDATES)).toBe(
    'verify core-enum-missing 22: enum bpf_map_type::NO_SUCH: no such enumerator (enumval_value)',
  );
  expect(records(failed, CALLS_SUB, CANDIDATES)).toEqual([
    'poisoned 5 -> null | reached: yes | ![1903] enum bpf_map_type::BPF_MAP_TYPE_UNSPEC = 0',
    'absent-guarded 1 -> 0 | reached: null | ',
  ]);
});

test('a field is missing if the kernel has its type, and the type is missing without candidates', () => {
  const kind = 'byte_off';
  const field = { ...FIELD, kind, spec: 'struct task_struct.no_such_field (0:0 @ offset 0)', access: 'task_struct.no_such_field' } as const;
  const failed = (more: Partial<LoaderReport['relocations'][number]>): Failed => ({
    ...AYA_REFUSED,
    verifierLog: '2: (85) call unknown#195896080\ninvalid func unknown#195896080\n',
    relocations: [{ ...PATCHED, outcome: 'poisoned', from: '0', to: '0', text: '', ...more }],
  });
  const object = { relocations: [field] };
  const candidates = () => [[{ spec: '[112] struct task_struct (0 @ offset 0)', matches: false }]];
  expect([
    verdict(failed({}), object, { candidates }),
    verdict(failed({}), object, { candidates: () => [[]] }),
    verdict(failed({}), object),
    records(failed({}), object, { candidates }),
    records(failed({ outcome: 'patched', from: '0', to: '24' }), object),
    records(failed({ outcome: 'failed', text: 'incompatible types' }), object),
  ]).toMatchInlineSnapshot(`
    [
      "verify core-field-missing 22: task_struct.no_such_field: no such field (byte_off)",
      "verify core-type-missing 22: task_struct.no_such_field: no such type struct task_struct (byte_off)",
      "verify core-type-missing 22: task_struct.no_such_field: no such type struct task_struct (byte_off)",
      [
        "poisoned 0 -> null | reached: yes | ![112] struct task_struct (0 @ offset 0)",
      ],
      [
        "moved 0 -> 24 | reached: null | ",
      ],
      [
        "not-reached 0 -> null | reached: null | ",
      ],
    ]
  `);
});

test('a rejection is about a relocation only if the verifier stopped at the instruction that is poisoned', () => {
  const atInsn = (insn: number) => `${insn}: (18) r10 = 0xbad2310\nframe pointer is read only\n`;
  const judged = (verifierLog: string) => verdict({ ...BY_CILIUM, verifierLog }, CALLS_SUB, CANDIDATES);
  expect([judged(atInsn(9)), judged(atInsn(1)), judged(atInsn(2)), judged(atInsn(10)), judged('frame pointer is read only\n')])
    .toMatchInlineSnapshot(`
    [
      "verify core-enum-missing 22: enum bpf_map_type::NO_SUCH: no such enumerator (enumval_value)",
      "verify verifier-rejected 22: verifier: frame pointer is read only at insn 1",
      "verify verifier-rejected 22: verifier: frame pointer is read only at insn 2",
      "verify verifier-rejected 22: verifier: frame pointer is read only at insn 10",
      "verify verifier-rejected 22: verifier: frame pointer is read only",
    ]
  `);
});

test('a rejection of a program that libbpf loaded is about what its log says, even at a poisoned instruction', () => {
  const recorded = readFileSync(new URL('../../fixtures/libbpf-logs/v1.7.0.prog_bad.log', import.meta.url), 'utf8');
  const text = recorded.replaceAll(/failed to resolve CO-RE.*\n/g, 'R1 !read_ok\n').replace('<invalid CO-RE relocation>', '(95) exit');
  const program = { name: 'prog_bad', section: 'tp_btf/x', type: 'tracing', insns: 9 };
  const attempt: LoadAttempt = { program: null, reached: 'load', errno: 22, openMs: 0, loadMs: 0, log: textRecords(text) };
  const programs = [{ ...program, autoload: true }];
  const evidence: CellEvidence = { programs, leftOut: [], chosen: [], attempts: [attempt], kernelLog: '', console: '' };
  const { class: failure, reason } = judgeCell({ object: { programs: [program], relocations: [], maps: [] }, evidence });
  expect(`${failure}: ${reason}`).toMatchInlineSnapshot(`"verifier-rejected: verifier: R1 !read_ok at insn 6"`);
});
