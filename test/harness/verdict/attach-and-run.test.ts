// Verdicts of objects that load: what attaching, a run check, alternatives and a custom loader make of the programs.
import { expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import type { RunCheckPlan } from '../../../harness/plan/object-settings/run-check-plan.ts';
import type { Attachment, CellEvidence, LoadAttempt, RunCheckFacts } from '../../../harness/verdict/evidence/evidence.ts';
import { judgeCell, type JudgeInput } from '../../../harness/verdict/judge.ts';

const NAMES = ['p', 'q', 'off'];
const PROGRAMS = NAMES.map((name) => ({ name, section: 'kprobe/f', type: 'kprobe', insns: 9 }));
const LOADED: LoadAttempt = { program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: [] };

function evidence(more: Partial<CellEvidence> = {}): CellEvidence {
  const programs = PROGRAMS.map((program) => ({ ...program, autoload: program.name !== 'off' }));
  return { programs, leftOut: [], chosen: [], attempts: [LOADED], kernelLog: '', console: '', ...more };
}

const judge = (more: Partial<CellEvidence>, input: Partial<JudgeInput> = {}) =>
  judgeCell({ object: { programs: PROGRAMS, relocations: [], maps: [] }, evidence: evidence(more), ...input });

/** The cell and each program in one line. */
function lines(...args: Parameters<typeof judge>): string[] {
  const { status, stage, class: failure, reason, programs } = judge(...args);
  const told = programs.map(({ name, attached, runs, errno, ...rest }) => [
    name,
    rest.status,
    rest.stage,
    rest.class,
    errno,
    rest.reason,
    attached === null ? null : `attached: ${attached}`,
    runs === null ? null : `runs: ${runs}`,
  ]);
  return [['(cell)', status, stage, failure, reason], ...told].map((parts) => parts.filter((part) => part !== null).join(' | '));
}

const attachment = (name: string, errno: number, more: Partial<Attachment> & { text?: string } = {}): Attachment => {
  const { text = '', ...rest } = more;
  return { kind: 'program', name, errno, detail: '', log: textRecords(text), ...rest };
};
const attachedBy = (...attachments: Attachment[]) => ({ attempts: [{ ...LOADED, attachments }] });

test('a program that cannot be attached fails, and the cell with it', () => {
  expect([
    lines(attachedBy(attachment('p', 0), attachment('q', 2, { text: "<0>libbpf: prog 'q': failed to create kprobe\n" }))),
    lines(attachedBy(attachment('p', 95), attachment('q', 0))),
    lines({}),
  ]).toMatchInlineSnapshot(`
    [
      [
        "(cell) | fail | attach | attach-target-missing | failed to create kprobe (ENOENT)",
        "p | pass | attached: true",
        "q | fail | attach | attach-target-missing | 2 | failed to create kprobe (ENOENT)",
        "off | skip",
      ],
      [
        "(cell) | pass",
        "p | pass | attached: false",
        "q | pass | attached: true",
        "off | skip",
      ],
      [
        "(cell) | pass",
        "p | pass",
        "q | pass",
        "off | skip",
      ],
    ]
  `);
});

test('the reason of a program that cannot be attached is the last warning about it', () => {
  const block = "<0>libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\nsome log\n-- END PROG LOAD LOG --\n";
  const reason = (more: Partial<Attachment> & { text?: string }, errno = 5) => lines(attachedBy(attachment('p', errno, more)))[1];
  expect([
    reason({ text: "<0>libbpf: prog 'p': first\n<0>libbpf: prog 'p': second\n<2>libbpf: prog 'p': debug\n" }),
    reason({ text: `<0>libbpf: prog 'p': first\n${block}` }),
    reason({ text: "<0>libbpf: prog 'a_long_name': first\n" }),
    reason({ text: "<0>libbpf: elf: prog 'p': first\n" }),
    reason({ text: '<0>libbpf: fails with EIO\n' }),
    reason({ detail: 'no such device', text: '<0>libbpf: first\n' }),
    reason({}),
    reason({}, 95),
    reason({ detail: 'x' }, 95),
    reason({ text: '<0>libbpf: x\n' }, 95),
  ]).toMatchInlineSnapshot(`
    [
      "p | fail | attach | attach-failed | 5 | second (EIO)",
      "p | fail | attach | attach-failed | 5 | first (EIO)",
      "p | fail | attach | attach-failed | 5 | first (EIO)",
      "p | fail | attach | attach-failed | 5 | elf: prog 'p': first (EIO)",
      "p | fail | attach | attach-failed | 5 | fails with EIO",
      "p | fail | attach | attach-failed | 5 | no such device (EIO)",
      "p | fail | attach | attach-failed | 5 | attaching fails (EIO)",
      "p | pass | attached: false",
      "p | fail | attach | attach-failed | 95 | x (EOPNOTSUPP)",
      "p | fail | attach | attach-failed | 95 | x (EOPNOTSUPP)",
    ]
  `);
});

test('struct_ops programs have the result of their maps, other programs their own', () => {
  const programs = PROGRAMS.map((program) => ({ ...program, type: program.name === 'q' ? 'struct_ops' : 'kprobe', autoload: true }));
  const judged = (...attachments: Attachment[]) => lines({ programs, attempts: [{ ...LOADED, attachments }] });
  const map = (name: string, errno: number) => attachment(name, errno, { kind: 'map' });
  expect([
    judged(attachment('p', 0), map('ops', 0)),
    judged(attachment('p', 0), map('ops', 0), map('more', 95)),
    judged(attachment('p', 2), map('p', 0)),
    judged(attachment('p', 2), attachment('off', 0)),
  ]).toMatchInlineSnapshot(`
    [
      [
        "(cell) | pass",
        "p | pass | attached: true",
        "q | pass | attached: true",
        "off | pass",
      ],
      [
        "(cell) | fail | attach | attach-failed | struct_ops map 'more': attaching fails (EOPNOTSUPP)",
        "p | pass | attached: true",
        "q | fail | attach | attach-failed | 95 | struct_ops map 'more': attaching fails (EOPNOTSUPP)",
        "off | pass",
      ],
      [
        "(cell) | fail | attach | attach-target-missing | attaching fails (ENOENT)",
        "p | fail | attach | attach-target-missing | 2 | attaching fails (ENOENT)",
        "q | pass | attached: true",
        "off | pass",
      ],
      [
        "(cell) | fail | attach | attach-target-missing | attaching fails (ENOENT)",
        "p | fail | attach | attach-target-missing | 2 | attaching fails (ENOENT)",
        "q | pass",
        "off | pass | attached: true",
      ],
    ]
  `);
});

test('an attach type is unknown only to a kernel with BTF that lacks it, and only for a program', () => {
  const programs = [{ name: 'p', section: 'tcx/ingress', type: 'sched_cls', insns: 9 }];
  const judged = (tried: Attachment, enumerators?: readonly string[]) =>
    lines(
      {
        programs: programs.map((program) => ({ ...program, type: 'struct_ops', autoload: true })),
        attempts: [{ ...LOADED, attachments: [tried] }],
      },
      { object: { programs, relocations: [], maps: [] }, ...(enumerators && { enumerators: new Set(enumerators) }) },
    )[1];
  expect([
    judged(attachment('p', 22), []),
    judged(attachment('p', 22), ['BPF_TCX_INGRESS']),
    judged(attachment('p', 22)),
    judged(attachment('p', 2), []),
    judged(attachment('p', 22, { kind: 'map' }), []),
    judged(attachment('unknown', 22), []),
  ]).toMatchInlineSnapshot(`
    [
      "p | fail | attach | attach-failed | 22 | attach type tcx_ingress is unknown to this kernel",
      "p | fail | attach | attach-failed | 22 | attaching fails (EINVAL)",
      "p | fail | attach | attach-failed | 22 | attaching fails (EINVAL)",
      "p | fail | attach | attach-target-missing | 2 | attaching fails (ENOENT)",
      "p | fail | attach | attach-failed | 22 | struct_ops map 'p': attaching fails (EINVAL)",
      "p | pass",
    ]
  `);
});

const PLAN: RunCheckPlan = { triggers: [{ kind: 'built-in', name: 'open' }], checks: [] };
const RAN: RunCheckFacts = {
  triggered: new Map([[0, { errno: 0, returned: 0 }]]),
  commands: new Map(),
  events: new Map(),
  values: new Map(),
  runs: new Map([
    ['p', 1],
    ['q', 0],
    ['off', 0],
  ]),
};

test('a run check fails the programs that it is about, and no program that failed before or was left out', () => {
  const all = attachedBy(attachment('p', 0), attachment('q', 0));
  const found = {
    'not planned': lines({ ...all, runCheck: RAN }),
    'planned, but without facts': lines(all, { runCheck: PLAN }),
    'one program did not run': lines({ ...all, runCheck: RAN }, { runCheck: PLAN }),
    'a program that is not attached did not run': lines(
      { ...attachedBy(attachment('p', 0), attachment('q', 95)), runCheck: RAN },
      { runCheck: PLAN },
    ),
    'a program that cannot be attached did not run': lines(
      { ...attachedBy(attachment('p', 0), attachment('q', 2)), runCheck: RAN },
      { runCheck: PLAN },
    ),
    'the trigger fails': lines(
      { ...attachedBy(attachment('p', 0), attachment('q', 2)), runCheck: { ...RAN, triggered: new Map() } },
      { runCheck: PLAN },
    ),
    'the object does not load': lines({ attempts: [{ ...LOADED, reached: 'load', errno: 5 }], runCheck: RAN }, { runCheck: PLAN }),
  };
  expect(found).toMatchInlineSnapshot(`
    {
      "a program that cannot be attached did not run": [
        "(cell) | fail | attach | attach-target-missing | attaching fails (ENOENT)",
        "p | pass | attached: true | runs: 1",
        "q | fail | attach | attach-target-missing | 2 | attaching fails (ENOENT) | runs: 0",
        "off | skip",
      ],
      "a program that is not attached did not run": [
        "(cell) | pass",
        "p | pass | attached: true | runs: 1",
        "q | pass | attached: false | runs: 0",
        "off | skip",
      ],
      "not planned": [
        "(cell) | pass",
        "p | pass | attached: true",
        "q | pass | attached: true",
        "off | skip",
      ],
      "one program did not run": [
        "(cell) | fail | run | run-failed | runs of q after open: expected at least 1, seen 0",
        "p | pass | attached: true | runs: 1",
        "q | fail | run | run-failed | 0 | runs of q after open: expected at least 1, seen 0 | attached: true | runs: 0",
        "off | skip",
      ],
      "planned, but without facts": [
        "(cell) | pass",
        "p | pass | attached: true",
        "q | pass | attached: true",
        "off | skip",
      ],
      "the object does not load": [
        "(cell) | fail | verify | unknown | the load fails with EIO",
        "p | fail | verify | unknown | 5 | the load fails with EIO",
        "q | fail | verify | unknown | 5 | the load fails with EIO",
        "off | skip",
      ],
      "the trigger fails": [
        "(cell) | fail | run | run-failed | trigger open: did not run",
        "p | fail | run | run-failed | 0 | trigger open: did not run | attached: true | runs: 1",
        "q | fail | attach | attach-target-missing | 2 | attaching fails (ENOENT) | runs: 0",
        "off | skip",
      ],
    }
  `);
});

test('the checks of a cell are those of its run check', () => {
  const all = attachedBy(attachment('p', 0), attachment('q', 95));
  expect([judge({ ...all, runCheck: RAN }, { runCheck: PLAN }).checks, judge({ ...all, runCheck: RAN }).checks, judge(all).checks]).toEqual(
    [[{ program: 'p', what: 'runs of p', expected: 'at least 1', seen: '1', passed: true }], [], []],
  );
});

/** The lines of libbpf for a program that the kernel refuses. */
const refused = (name: string, reason = 'R0 !read_ok') =>
  `libbpf: prog '${name}': BPF program load failed: -EACCES\nlibbpf: prog '${name}': -- BEGIN PROG LOAD LOG --\n2: (95) exit\n${reason}\n-- END PROG LOAD LOG --\nlibbpf: prog '${name}': failed to load: -EACCES\n`;
const failing = (program: string | null, name: string, reason?: string): LoadAttempt => ({
  ...LOADED,
  program,
  reached: 'load',
  errno: 13,
  log: textRecords(refused(name, reason)),
});

test('logs and instruction belong to the program that ended an attempt', () => {
  const lineOf = (program: string, insn: number) => ({ file: `${program}.c`, line: insn, text: 'x', exact: true });
  const { logs, programs } = judge({ attempts: [failing(null, 'q')] }, { lineOf });
  const verifier = '2: (95) exit\nR0 !read_ok';
  expect([logs, programs.map(({ name, at, logs: own }) => [name, at?.source ?? null, own])]).toEqual([
    { loader: refused('q'), verifier },
    [
      ['p', null, { loader: null, verifier: null }],
      ['q', { file: 'q.c', line: 2, text: 'x', exact: true }, { loader: null, verifier }],
      ['off', null, { loader: null, verifier: null }],
    ],
  ]);
  const two = { ...failing(null, 'q'), log: textRecords(refused('p', 'R1 !read_ok') + refused('q')) };
  expect(judge({ attempts: [two] }).logs.verifier).toBe(verifier);
});

test('the log of an attempt has the logs of its attachments, and a skipped program the log of its own attempt', () => {
  const attempts = [
    {
      ...LOADED,
      log: textRecords('libbpf: loads\n'),
      attachments: [attachment('p', 0, { text: 'libbpf: one\n' }), attachment('q', 0, { text: 'libbpf: two\n' })],
    },
    failing('off', 'off'),
  ];
  const { logs, programs } = judge({ attempts });
  expect([logs.loader, programs[2]?.status, programs[2]?.logs.loader]).toEqual([
    'libbpf: loads\nlibbpf: one\nlibbpf: two\n',
    'skip',
    refused('off'),
  ]);
});

test('a program that the log names but the object does not have gives its reason to the cell', () => {
  expect(lines({ attempts: [failing(null, 'subprogram')] })).toMatchInlineSnapshot(`
    [
      "(cell) | fail | verify | verifier-rejected | verifier: R0 !read_ok at insn 2",
      "p | fail | verify | verifier-rejected | 13 | verifier: R0 !read_ok at insn 2",
      "q | fail | verify | verifier-rejected | 13 | verifier: R0 !read_ok at insn 2",
      "off | skip",
    ]
  `);
});

test('a program of one group of alternatives does not depend on the others', () => {
  const alternatives = [
    ['p', 'off'],
    ['q', 'more'],
  ];
  expect([
    lines({ chosen: ['off'], attempts: [LOADED] }, { alternatives }),
    lines({ chosen: ['p', 'q'], attempts: [LOADED] }, { alternatives }),
    lines(
      { chosen: [], attempts: [failing(null, 'p'), failing('p', 'p'), failing('off', 'off'), { ...LOADED, program: 'q' }] },
      { alternatives },
    ),
  ]).toMatchInlineSnapshot(`
    [
      [
        "(cell) | pass",
        "p | skip | not needed: off is the chosen alternative",
        "q | pass",
        "off | pass",
      ],
      [
        "(cell) | pass",
        "p | pass",
        "q | pass",
        "off | skip | not needed: p is the chosen alternative",
      ],
      [
        "(cell) | fail | verify | verifier-rejected | verifier: R0 !read_ok at insn 2",
        "p | fail | verify | verifier-rejected | 13 | verifier: R0 !read_ok at insn 2",
        "q | pass",
        "off | fail | verify | verifier-rejected | 13 | verifier: R0 !read_ok at insn 2",
      ],
    ]
  `);
});

test('alternatives that load but cannot be attached give way to one that can, and if none can, each fails with its own reason', () => {
  const alternatives = [['p', 'off']];
  const alone = (program: string, errno: number, text: string): LoadAttempt => ({
    ...LOADED,
    program,
    attachments: [attachment(program, errno, { text: `<0>libbpf: prog '${program}': ${text}\n` })],
  });
  const whole = (...attachments: Attachment[]): LoadAttempt => ({ ...LOADED, attachments });
  const [p, off] = [alone('p', 16, 'function is notrace'), alone('off', 2, 'no such function')];
  expect([
    lines(
      { chosen: ['off'], attempts: [whole(attachment('p', 16)), p, whole(attachment('off', 0), attachment('q', 0))] },
      { alternatives },
    ),
    lines({ chosen: [], attempts: [whole(attachment('p', 16), attachment('q', 0)), p, off] }, { alternatives }),
  ]).toMatchInlineSnapshot(`
    [
      [
        "(cell) | pass",
        "p | skip | off is chosen because this alternative is not attached here: attach-failed: function is notrace (EBUSY)",
        "q | pass | attached: true",
        "off | pass | attached: true",
      ],
      [
        "(cell) | fail | attach | attach-failed | function is notrace (EBUSY)",
        "p | fail | attach | attach-failed | 16 | function is notrace (EBUSY)",
        "q | pass | attached: true",
        "off | fail | attach | attach-target-missing | 2 | no such function (ENOENT)",
      ],
    ]
  `);
});

test('a custom loader fails at least one program if it fails', () => {
  const command = (value: number) => ({ end: 'exited', value, stdout: '', stderr: '' }) as const;
  const skips = (...names: string[]) => textRecords(names.map((name) => `<2>libbpf: prog '${name}': skipped loading\n`).join(''));
  const judged = (value: number, ...skipped: string[]) =>
    lines({ command: command(value), attempts: [{ ...LOADED, reached: value === 0 ? 'done' : 'load', log: skips(...skipped) }] });
  expect({
    'passes, skips none': judged(0),
    'passes, skips one': judged(0, 'q'),
    'passes, skips all': judged(0, ...NAMES),
    'fails, skips none': judged(1),
    'fails, skips one': judged(1, 'q'),
    'fails, skips all': judged(1, ...NAMES),
    'made no attempt': lines({ command: command(0), attempts: [] }),
  }).toMatchInlineSnapshot(`
    {
      "fails, skips all": [
        "(cell) | fail | verify | unknown | the loader exits with status 1",
        "p | fail | verify | unknown | 0 | the loader exits with status 1",
        "q | fail | verify | unknown | 0 | the loader exits with status 1",
        "off | fail | verify | unknown | 0 | the loader exits with status 1",
      ],
      "fails, skips none": [
        "(cell) | fail | verify | unknown | the loader exits with status 1",
        "p | fail | verify | unknown | 0 | the loader exits with status 1",
        "q | fail | verify | unknown | 0 | the loader exits with status 1",
        "off | fail | verify | unknown | 0 | the loader exits with status 1",
      ],
      "fails, skips one": [
        "(cell) | fail | verify | unknown | the loader exits with status 1",
        "p | fail | verify | unknown | 0 | the loader exits with status 1",
        "q | skip",
        "off | fail | verify | unknown | 0 | the loader exits with status 1",
      ],
      "made no attempt": [
        "(cell) | fail | open | unknown | the guest made no load attempt",
        "p | fail | open | unknown | 0 | the guest made no load attempt",
        "q | fail | open | unknown | 0 | the guest made no load attempt",
        "off | fail | open | unknown | 0 | the guest made no load attempt",
      ],
      "passes, skips all": [
        "(cell) | pass",
        "p | skip",
        "q | skip",
        "off | skip",
      ],
      "passes, skips none": [
        "(cell) | pass",
        "p | pass",
        "q | pass",
        "off | pass",
      ],
      "passes, skips one": [
        "(cell) | pass",
        "p | pass",
        "q | skip",
        "off | pass",
      ],
    }
  `);
});
