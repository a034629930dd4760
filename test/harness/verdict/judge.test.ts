import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAILURES } from '../../../harness/base/failures.ts';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import type { ObjectRelocation } from '../../../harness/bpf/object/places.ts';
import type { CellEvidence, LoadAttempt } from '../../../harness/verdict/evidence/evidence.ts';
import { judgeCell, type JudgeInput } from '../../../harness/verdict/judge.ts';
import type { CellJudgement } from '../../../harness/verdict/judgement.ts';
import type { JudgedObject } from '../../../harness/verdict/rules/context.ts';
import { RECORDED_OBJECTS, recordedEvidence, recordedObject, type RecordedObject } from './recorded.ts';
import { fuzzRuns } from '../../fuzz/runs.ts';

/** Fails if the table of failure classes lacks the stage of a failure. */
function expectKnownStages({ programs }: CellJudgement): void {
  const strange = programs.filter(({ class: failure, stage }) => failure && !(stage && stage in FAILURES[failure].stages));
  expect(strange).toEqual([]);
}

/** One line for the cell and one for each program. */
function lines(judgement: CellJudgement): string[] {
  expectKnownStages(judgement);
  const { status, stage, class: failureClass, reason, programs } = judgement;
  const cell = ['(cell)', status, stage, failureClass, reason];
  const rest = programs.map((program) => [program.name, program.status, program.stage, program.class, program.reason]);
  return [cell, ...rest].map((parts) => parts.filter((part) => part !== null).join(' | '));
}

describe('recorded cells', () => {
  const cells = (['1.1.0', '1.5.1', '1.7.0'] as const).flatMap((version) =>
    RECORDED_OBJECTS.map((object): [RecordedObject, string] => [object, version]),
  );
  test.each(cells)('the recorded logs of object %s with libbpf %s give its verdicts', (object, version) => {
    expect(lines(judgeCell({ object: recordedObject(object), evidence: recordedEvidence(object, version) }))).toMatchSnapshot();
  });
});

describe('programs rejected by real kernels', () => {
  const folder = new URL('../../fixtures/verifier-logs/', import.meta.url);
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  test.each(logs)('the verifier log %s gives a class and a reason', (name) => {
    const log = textRecords(readFileSync(new URL(name, folder), 'utf8'));
    const [program] = name.split('.').slice(-2);
    const programs = [{ name: program ?? '', section: 'tp_btf/x', type: 'tracing', autoload: true, insns: 9 }];
    const attempts: LoadAttempt[] = [{ program: null, reached: 'load', errno: 22, openMs: 0, loadMs: 0, log }];
    const judgement = judgeCell({
      object: { programs: [], relocations: [], maps: [] },
      evidence: { programs, leftOut: [], chosen: [], attempts, kernelLog: '', console: '' },
    });
    expect(lines(judgement).slice(1)).toMatchSnapshot();
  });
});

const OBJECT: JudgedObject = {
  programs: [{ name: 'p', section: 'kprobe/f', type: 'kprobe', insns: 9 }],
  relocations: [],
  maps: [
    { name: 'events', type: 'BPF_MAP_TYPE_RINGBUF' },
    { name: 'tasks', type: 'task_storage' },
  ],
};

function attempt(program: string | null, reached: LoadAttempt['reached'], errno: number, text: string): LoadAttempt {
  return { program, reached, errno, openMs: 0, loadMs: 0, log: textRecords(text) };
}

function evidence(...attempts: LoadAttempt[]): CellEvidence {
  const names = [...new Set(['p', ...attempts.flatMap(({ program }) => program ?? [])])];
  const programs = names.map((name) => ({ name, section: 'kprobe/f', type: 'kprobe', autoload: true, insns: 9 }));
  return { programs, leftOut: [], chosen: [], attempts, kernelLog: '', console: '' };
}

/** The verdict on the only program of a cell with a single attempt. */
function verdict(reached: LoadAttempt['reached'], errno: number, text: string, more: Partial<JudgeInput> = {}): string | undefined {
  return lines(judgeCell({ object: OBJECT, evidence: evidence(attempt(null, reached, errno, text)), ...more }))[1];
}

/** The lines that libbpf 1.7 prints for a program that the kernel refuses. */
function refused(error: string, log = ''): string {
  const block = log === '' ? '' : `<0>libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n${log}\n-- END PROG LOAD LOG --\n`;
  return `<0>libbpf: prog 'p': BPF program load failed: ${error}\n${block}<0>libbpf: prog 'p': failed to load: ${error}\n<0>libbpf: failed to load object 'o'\n`;
}

describe('failure classes', () => {
  test.each<[string, () => string | undefined]>([
    ['not an ELF', () => verdict('open', 95, "<0>libbpf: elf: 'o' is not a proper ELF object\n")],
    ['open fails without a message', () => verdict('open', 12, '')],
    ['big-endian object', () => verdict('prepare', 95, "<0>libbpf: object 'o': loading non-native endianness is unsupported\n")],
    [
      'unknown section',
      () =>
        verdict(
          'load',
          22,
          "<0>libbpf: prog 'p': missing BPF prog type, check ELF section name 'weird/x'\n<0>libbpf: prog 'p': failed to load: -EINVAL\n",
        ),
    ],
    [
      'no kernel BTF',
      () =>
        verdict(
          'prepare',
          3,
          "<0>libbpf: kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?\n<0>libbpf: failed to find valid kernel BTF\n",
        ),
    ],
    ['kernel configuration', () => verdict('prepare', 3, "<0>libbpf: extern 'CONFIG_X' (strong): not resolved\n")],
    [
      'kernel configuration of another type',
      () =>
        verdict(
          'prepare',
          22,
          "<0>libbpf: extern (kcfg) 'CONFIG_X': value '\"text\"' implies char array type\n<0>libbpf: error parsing system Kconfig line 'CONFIG_X=\"text\"': -22\n",
        ),
    ],
    ['kernel symbol', () => verdict('prepare', 3, "<0>libbpf: extern (var ksym) 'v': not found in kernel BTF\n")],
    ['kfunc', () => verdict('prepare', 22, "<0>libbpf: extern (func ksym) 'bpf_f': not found in kernel or module BTFs\n")],
    ['map with wrong attributes', () => verdict('prepare', 22, "<0>libbpf: map 'events': failed to create: -EINVAL\n")],
    ['map type younger than 5.10', () => verdict('prepare', 22, "<0>libbpf: map 'tasks': failed to create: -EINVAL\n")],
    [
      'map type not in the kernel BTF',
      () => verdict('prepare', 22, "<0>libbpf: map 'events': failed to create: -EINVAL\n", { enumerators: new Set() }),
    ],
    [
      'map type in the kernel BTF',
      () =>
        verdict('prepare', 22, "<0>libbpf: map 'tasks': failed to create: -EINVAL\n", {
          enumerators: new Set(['BPF_MAP_TYPE_TASK_STORAGE']),
        }),
    ],
    ['map out of memory', () => verdict('prepare', 12, "<0>libbpf: map 'x': failed to create: -ENOMEM\n")],
    [
      'attach target',
      () =>
        verdict(
          'load',
          3,
          "<0>libbpf: prog 'p': failed to find kernel BTF type ID of 'gone': -ESRCH\n<0>libbpf: prog 'p': failed to load: -ESRCH\n",
        ),
    ],
    ['struct_ops member', () => verdict('prepare', 95, '<0>libbpf: struct_ops init_kern s: Cannot find member m in kernel BTF\n')],
    ['helper the kernel lacks', () => verdict('load', 22, refused('-EINVAL', '1: (85) call unknown#208\ninvalid func unknown#208'))],
    ['helper not for this type', () => verdict('load', 22, refused('-EINVAL', '1: (85) call bpf_d_path#147\nunknown func bpf_d_path#147'))],
    [
      'kfunc not for this type',
      () => verdict('load', 13, refused('-EACCES', '1: (85) call bpf_f#99\ncalling kernel function bpf_f is not allowed')),
    ],
    [
      'unresolved weak kfunc',
      () => verdict('load', 22, refused('-EINVAL', "1: <invalid kfunc call>\nkfunc 'bpf_f' is referenced but wasn't resolved")),
    ],
    [
      'map not created',
      () => verdict('load', 22, refused('-EINVAL', "1: <invalid BPF map reference>\nBPF map 'm' is referenced but wasn't created")),
    ],
    ['too complex', () => verdict('load', 7, refused('-E2BIG', 'BPF program is too large. Processed 1000001 insn'))],
    [
      'unknown instruction',
      () => verdict('load', 22, refused('-EINVAL', '3: (db) r1 = atomic64_fetch_add((u64 *)(r2 +0), r1)\nBPF_STX uses reserved fields')),
    ],
    ['rejected', () => verdict('load', 13, refused('-EACCES', "2: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'scalar'"))],
    ['program type not in the kernel BTF', () => verdict('load', 22, refused('-EINVAL'), { enumerators: new Set() })],
    ['refused without a message', () => verdict('load', 22, refused('-EINVAL'))],
    ['not permitted', () => verdict('load', 1, refused('-EPERM'))],
    [
      'memlock',
      () =>
        verdict(
          'load',
          1,
          `<0>libbpf: permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB\n${refused('-EPERM')}`,
        ),
    ],
    ['unknown message', () => verdict('load', 5, "<0>libbpf: prog 'p': something new\n<0>libbpf: failed to load object 'o'\n")],
  ])('a failure has its stage, class and reason: %s', (_, line) => {
    expect(line()).toMatchSnapshot();
  });
});

const FIELD: ObjectRelocation = {
  index: 4,
  section: 'kprobe/f',
  program: 'p',
  insn: 7,
  kind: 'byte_off',
  spec: 'struct task_struct.state (0:1 @ offset 8)',
  access: 'task_struct.state',
  source: { file: 'src/tracing.bpf.c', line: 23, text: 't->state', exact: true },
};

describe('poison', () => {
  const missing = (index: number, insn: number, field: string) =>
    `libbpf: prog 'p': relo #${index}: <byte_off> [9] struct task_struct.${field} (0:1 @ offset 8)
libbpf: prog 'p': relo #${index}: non-matching candidate #0 <byte_off> [114] struct task_struct (0 @ offset 0)
libbpf: prog 'p': relo #${index}: no matching targets found
libbpf: prog 'p': relo #${index}: substituting insn #${insn} w/ invalid insn
`;
  const object: JudgedObject = {
    ...OBJECT,
    relocations: [FIELD, { ...FIELD, index: 5, insn: 2, access: 'task_struct.other', source: null }],
  };

  test('a poisoned relocation is found by the instruction in the verifier log', () => {
    const log =
      missing(5, 2, 'other') +
      missing(4, 7, 'state') +
      refused('-EINVAL', '7: (85) call unknown#195896080\ninvalid func unknown#195896080');
    const judgement = judgeCell({ object, evidence: evidence(attempt(null, 'load', 22, log)) });
    expect(lines(judgement)[1]).toBe(
      'p | fail | verify | core-field-missing | task_struct.state: no such field (byte_off, tracing.bpf.c:23)',
    );
    expect(judgement.relocations.map(({ outcome, reached }) => [outcome, reached])).toEqual([
      ['poisoned', 'yes'],
      ['poisoned', 'unknown'],
    ]);
  });

  test('a poisoned relocation that was not reached is not the cause', () => {
    const log = missing(4, 7, 'state') + refused('-EACCES', '2: (95) exit\nR0 !read_ok');
    expect(lines(judgeCell({ object, evidence: evidence(attempt(null, 'load', 13, log)) }))[1]).toBe(
      'p | fail | verify | verifier-rejected | verifier: R0 !read_ok at insn 2',
    );
  });

  test('a poisoned relocation of a subprogram is found in the final program, and a missing type is the cause', () => {
    const log = `libbpf: prog 'sub': relo #0: <byte_off> [3] struct absent.x (0:0 @ offset 0)
libbpf: prog 'sub': relo #0: no matching targets found
libbpf: prog 'sub': relo #0: substituting insn #3 w/ invalid insn
libbpf: prog 'p': added 5 insns from sub-prog 'first'
libbpf: prog 'p': insn #1 relocated, imm 7 points to subprog 'first' (now at 9 offset)
libbpf: prog 'p': added 6 insns from sub-prog 'sub'
libbpf: prog 'first': insn #2 relocated, imm 2 points to subprog 'sub' (now at 14 offset)
${refused('-EINVAL', '17: (85) call unknown#195896080\ninvalid func unknown#195896080')}`;
    const absent = {
      ...FIELD,
      index: 0,
      section: '.text',
      program: 'sub',
      insn: 3,
      access: 'absent.x',
      spec: 'struct absent.x (0:0 @ offset 0)',
    };
    expect(lines(judgeCell({ object: { ...OBJECT, relocations: [absent] }, evidence: evidence(attempt(null, 'load', 22, log)) }))[1]).toBe(
      'p | fail | verify | core-type-missing | absent.x: no such type struct absent (byte_off, tracing.bpf.c:23)',
    );
  });

  test('without debug lines, the verifier log alone names the relocation', () => {
    const log = refused(
      '-EINVAL',
      '7: <invalid CO-RE relocation>\nfailed to resolve CO-RE relocation <byte_off> [9] struct task_struct.state (0:1 @ offset 8)',
    );
    expect(lines(judgeCell({ object, evidence: evidence(attempt(null, 'load', 22, log)) }))[1]).toBe(
      'p | fail | verify | core-other | task_struct.state: no target in this kernel (byte_off)',
    );
  });
});

describe('programs and the whole object', () => {
  const failing = "<0>libbpf: map 'events': failed to create: -EINVAL\n";

  test('an object that loads passes, and a program that does not load by default is skipped', () => {
    const programs = [
      { name: 'p', section: 'kprobe/f', type: 'kprobe', autoload: true, insns: 9 },
      { name: 'off', section: '?kprobe/g', type: 'kprobe', autoload: false, insns: 9 },
    ];
    const judgement = judgeCell({
      object: OBJECT,
      evidence: { programs, leftOut: [], chosen: [], attempts: [attempt(null, 'done', 0, '')], kernelLog: '', console: '' },
    });
    expect(lines(judgement)).toEqual(['(cell) | pass', 'p | pass', 'off | skip']);
  });

  test('each program has the verdict of its own attempt if the object fails', () => {
    const bad = refused('-EACCES', '2: (95) exit\nR0 !read_ok');
    const cell = evidence(attempt(null, 'load', 13, bad), attempt('p', 'load', 13, bad), attempt('q', 'done', 0, ''));
    expect(lines(judgeCell({ object: OBJECT, evidence: cell }))).toEqual([
      '(cell) | fail | verify | verifier-rejected | verifier: R0 !read_ok at insn 2',
      'p | fail | verify | verifier-rejected | verifier: R0 !read_ok at insn 2',
      'q | pass',
    ]);
  });

  test('programs that load alone pass while the whole object fails', () => {
    const cell = evidence(attempt(null, 'prepare', 22, failing), attempt('p', 'done', 0, ''), attempt('q', 'done', 0, ''));
    expect(lines(judgeCell({ object: OBJECT, evidence: cell }))).toEqual([
      "(cell) | fail | map-create | map-create-failed | map 'events' (ringbuf): cannot be created: EINVAL",
      'p | pass',
      'q | pass',
    ]);
  });

  test('if libbpf does not open the object, all programs that its sections load by default fail', () => {
    const programs = [...OBJECT.programs, { name: 'off', section: '?kprobe/g', type: null, insns: 1 }];
    const cell = {
      programs: [],
      leftOut: [],
      chosen: [],
      attempts: [attempt(null, 'open', 22, "<0>libbpf: elf: 'o' is not a proper ELF object\n")],
      kernelLog: '',
      console: '',
    };
    expect(lines(judgeCell({ object: { ...OBJECT, programs }, evidence: cell }))).toEqual([
      "(cell) | fail | open | object-invalid | libbpf cannot open the object: elf: 'o' is not a proper ELF object",
      "p | fail | open | object-invalid | libbpf cannot open the object: elf: 'o' is not a proper ELF object",
      'off | skip',
    ]);
  });

  test('the cell and each program keep the logs of their own attempt', () => {
    const bad = refused('-EACCES', 'R0 !read_ok').replaceAll(/^<0>/gm, '');
    const cell = evidence(attempt(null, 'load', 13, bad), attempt('p', 'load', 13, bad));
    const { logs, programs } = judgeCell({ object: OBJECT, evidence: cell });
    expect([logs, programs[0]?.logs]).toEqual([
      { loader: bad, verifier: 'R0 !read_ok' },
      { loader: bad, verifier: 'R0 !read_ok' },
    ]);
  });

  test('a guest without a load attempt is a failure', () => {
    expect(lines(judgeCell({ object: OBJECT, evidence: evidence() }))).toEqual([
      '(cell) | fail | open | unknown | the guest made no load attempt',
      'p | fail | open | unknown | the guest made no load attempt',
    ]);
  });
});

test('any evidence gets a verdict, with a class and a one-line reason for every failure', () => {
  const words = fc.constantFrom(
    "libbpf: prog 'p': relo #0: ",
    '<byte_off> [9] struct task_struct.state (0:1 @ offset 8)',
    'no matching targets found',
    'substituting insn #1 w/ invalid insn',
    refused('-EINVAL', '1: (85) call unknown#195896080\ninvalid func unknown#195896080'),
    "libbpf: map 'events': failed to create: ",
    'libbpf: extern ',
    '\n',
  );
  const text = fc.array(fc.oneof(words, fc.string({ unit: 'binary' })), { maxLength: 30 }).map((parts) => parts.join(''));
  const attempts = fc.array(
    fc.record({
      program: fc.constantFrom(null, 'p', 'q', '__proto__'),
      reached: fc.constantFrom<LoadAttempt['reached']>('open', 'prepare', 'load', 'done'),
      errno: fc.nat(600),
      openMs: fc.constant(0),
      loadMs: fc.constant(0),
      log: text.map((each) => textRecords(each)),
    }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(attempts, (tried) => {
      const judgement = judgeCell({ object: { ...OBJECT, relocations: [FIELD] }, evidence: evidence(...tried) });
      for (const { status, class: failureClass, reason } of [judgement, ...judgement.programs]) {
        expect([failureClass !== null, reason !== null]).toEqual(status === 'fail' ? [true, true] : [false, false]);
        expect(reason ?? '').not.toMatch(/\n/);
      }
      expectKnownStages(judgement);
      expect(judgement.relocations).toHaveLength(1);
    }),
    { numRuns: fuzzRuns(50) },
  );
});

describe('programs that the kernel decides about', () => {
  const names = ['first', 'second', 'other'];
  const programs = names.map((name) => ({ name, section: 'kprobe/f', type: 'kprobe', autoload: name !== 'second', insns: 9 }));
  const base = { programs, leftOut: [], chosen: [], kernelLog: '', console: '' };
  const alternatives = [['first', 'second']];
  const unknown = "<0>libbpf: prog 'first': failed to find kernel BTF type ID of 'f': -3\n";
  const judged = (cell: CellEvidence) => lines(judgeCell({ object: OBJECT, evidence: cell, alternatives }));

  test('the first alternative that loads is chosen, and the load attempt before the choice does not count', () => {
    const attempts = [
      attempt(null, 'load', 3, unknown),
      attempt('first', 'load', 3, unknown),
      attempt('second', 'done', 0, ''),
      attempt(null, 'done', 0, ''),
    ];
    expect(judged({ ...base, attempts, chosen: ['second'] })).toEqual([
      '(cell) | pass',
      "first | skip | second is chosen because this alternative does not load here: attach-target-missing: attach target f (kprobe) is not in this kernel's BTF",
      'second | pass',
      'other | pass',
    ]);
    expect(judged({ ...base, attempts: [attempt(null, 'done', 0, '')], chosen: ['first'] })).toEqual([
      '(cell) | pass',
      'first | pass',
      'second | skip | not needed: first is the chosen alternative',
      'other | pass',
    ]);
  });

  test('if an alternative is chosen, load attempts of one program do not decide about the others', () => {
    const attempts = [
      attempt(null, 'load', 3, unknown),
      attempt('first', 'done', 0, ''),
      attempt('second', 'done', 0, ''),
      attempt('other', 'load', 3, unknown.replace('first', 'other')),
      attempt(null, 'done', 0, ''),
    ];
    expect(judged({ ...base, attempts, chosen: ['second'] })).toEqual([
      '(cell) | pass',
      'first | skip | not needed: second is the chosen alternative',
      'second | pass',
      'other | pass',
    ]);
  });

  test('a chosen alternative passes with the whole object, even if it did not load alone', () => {
    const attempts = [
      attempt(null, 'load', 3, unknown),
      attempt('first', 'done', 0, ''),
      attempt('second', 'load', 3, unknown.replace('first', 'second')),
      attempt(null, 'done', 0, ''),
    ];
    expect(judged({ ...base, attempts, chosen: ['second'] })).toEqual([
      '(cell) | pass',
      'first | skip | not needed: second is the chosen alternative',
      'second | pass',
      'other | pass',
    ]);
  });

  test('if no alternative loads, each alternative fails', () => {
    const missing = "attach-target-missing | attach target f (kprobe) is not in this kernel's BTF";
    const attempts = [
      attempt(null, 'load', 3, unknown),
      attempt('first', 'load', 3, unknown),
      attempt('second', 'load', 3, unknown.replace('first', 'second')),
      attempt('other', 'done', 0, ''),
    ];
    expect(judged({ ...base, attempts })).toEqual([
      `(cell) | fail | verify | ${missing}`,
      `first | fail | verify | ${missing}`,
      `second | fail | verify | ${missing}`,
      'other | pass',
    ]);
  });

  test('a program that is left out has the missing program type or attach target as its reason', () => {
    const leftOut = [
      { program: 'other', lacks: 'program-type', what: 'netfilter' },
      { program: 'second', lacks: 'attach-target', what: 'do_unlinkat' },
    ] as const;
    expect(judged({ ...base, leftOut: [...leftOut], attempts: [attempt(null, 'done', 0, '')], chosen: ['first'] })).toEqual([
      '(cell) | pass',
      'first | pass',
      'second | skip | left out: this kernel has no do_unlinkat to attach to',
      'other | skip | left out: program type netfilter is unknown to this kernel',
    ]);
  });

  test('a setting that libbpf refuses is the reason, not the object file', () => {
    expect(verdict('prepare', 22, "<0>libbpf: settings: map 'events': key_size 3: -22\n")).toBe(
      "p | fail | open | object-invalid | libbpf refuses a setting of the configuration: map 'events': key_size 3: -22",
    );
  });
});
