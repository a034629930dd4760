// Tests of the facts in the reports of loader programs, with the words of cilium/ebpf 0.22 and aya 0.13 and 0.14.
import { expect, test } from 'vitest';
import type { ObjectRelocation } from '../../../harness/bpf/object/places.ts';
import type { LoaderReport } from '../../../harness/verdict/evidence/evidence.ts';
import { reportedFacts, type ReportedObject } from '../../../harness/verdict/evidence/reported-facts.ts';

const NOTHING: LoaderReport = { failures: [], verifierLogs: [], relocations: [], subprograms: [] };

const OBJECT: ReportedObject = {
  programs: [
    { name: 'p', section: 'fentry/do_exit' },
    { name: 'q', section: 'xdp' },
    { name: 'late', section: 'fexit', attachTo: 'vfs_read' },
  ],
  relocations: [],
};

/** True for facts that a log without facts does not have. */
function isAdded(value: unknown): boolean {
  if (value instanceof Map) return value.size > 0;
  return Array.isArray(value) ? value.length > 0 : value !== null;
}

/** What a report adds to empty facts. */
function factsIn(report: Partial<LoaderReport>) {
  const facts = Object.entries(reportedFacts({ ...NOTHING, ...report }, OBJECT));
  return Object.fromEntries(facts.filter(([, value]) => isAdded(value)));
}

type ReportedFailure = LoaderReport['failures'][number];

function failure(
  about: ReportedFailure['about'],
  text: string,
  { errno = 22, name = '' }: { errno?: number; name?: string } = {},
): ReportedFailure {
  return { about, errno, name, text };
}

const failing = (...args: Parameters<typeof failure>) => factsIn({ failures: [failure(...args)] });

test('an empty report has no facts', () => {
  expect(reportedFacts(NOTHING, OBJECT)).toEqual({
    relocations: [],
    targets: [],
    layouts: new Map(),
    skipped: [],
    eliminated: [],
    poisonedReferences: [],
    maps: [],
    externs: [],
    btf: [],
    btfLog: null,
    programs: [],
    relocationFailed: null,
    failures: [],
    ended: null,
    warnings: [],
  });
});

test('a reported failure is the fact that ended the load, and a warning', () => {
  expect([
    failing('object', 'load BTF maps: missing BTF'),
    failing('setting', 'no global variable `limit`', { errno: 0, name: 'limit' }),
    failing('map', 'map m: map create: invalid argument', { name: 'm' }),
    failing('map', 'map error: invalid map type 90', { errno: 0 }),
    failing('btf', 'the BPF_BTF_LOAD syscall returned Invalid argument (os error 22)'),
    failing('relocation', 'program p: apply CO-RE relocations: fixup 1: incompatible types', { errno: 0, name: 'p' }),
    failing('program', 'the BPF_PROG_LOAD syscall returned Permission denied (os error 13)', { errno: 13, name: 'q' }),
  ]).toMatchInlineSnapshot(`
    [
      {
        "ended": "object",
        "failures": [
          {
            "text": "load BTF maps: missing BTF",
            "topic": "object",
          },
        ],
        "warnings": [
          "load BTF maps: missing BTF",
        ],
      },
      {
        "ended": "settings",
        "failures": [
          {
            "text": "no global variable \`limit\`",
            "topic": "settings",
          },
        ],
        "warnings": [
          "no global variable \`limit\`",
        ],
      },
      {
        "ended": "map",
        "maps": [
          {
            "error": {
              "errno": 22,
              "text": "map m: map create: invalid argument",
            },
            "map": "m",
            "step": "create",
          },
        ],
        "warnings": [
          "map m: map create: invalid argument",
        ],
      },
      {
        "ended": "map",
        "maps": [
          {
            "error": {
              "errno": null,
              "text": "map error: invalid map type 90",
            },
            "map": "",
            "step": "create",
          },
        ],
        "warnings": [
          "map error: invalid map type 90",
        ],
      },
      {
        "btf": [
          {
            "kind": "object-refused",
            "text": "the BPF_BTF_LOAD syscall returned Invalid argument (os error 22)",
          },
        ],
        "ended": "btf",
        "warnings": [
          "the BPF_BTF_LOAD syscall returned Invalid argument (os error 22)",
        ],
      },
      {
        "ended": "relocation",
        "relocationFailed": {
          "errno": null,
          "text": "program p: apply CO-RE relocations: fixup 1: incompatible types",
        },
        "warnings": [
          "program p: apply CO-RE relocations: fixup 1: incompatible types",
        ],
      },
      {
        "ended": "program",
        "programs": [
          {
            "error": {
              "errno": 13,
              "text": "the BPF_PROG_LOAD syscall returned Permission denied (os error 13)",
            },
            "missingTarget": null,
            "program": "q",
            "verifierLog": null,
            "warnings": [
              "the BPF_PROG_LOAD syscall returned Permission denied (os error 13)",
            ],
          },
        ],
        "warnings": [
          "the BPF_PROG_LOAD syscall returned Permission denied (os error 13)",
        ],
      },
    ]
  `);
});

test('a kernel without BTF is not an object whose BTF the kernel refuses', () => {
  const kindOf = (text: string) => {
    const { btf } = reportedFacts({ ...NOTHING, failures: [failure('btf', text, { errno: 0 })] }, OBJECT);
    return btf.map(({ kind, text: said }) => `${kind}: ${said}`).join();
  };
  expect([
    kindOf('program p: apply CO-RE relocations: load kernel spec: open /sys/kernel/btf/vmlinux: no such file or directory'),
    kindOf('program p: load kernel spec: not found (unsupported platform)'),
    kindOf('program p: apply CO-RE relocations: no BTF found for kernel version 5.4.0: not supported'),
    kindOf('BTF error: error parsing /sys/kernel/btf/vmlinux: No such file or directory (os error 2)'),
    kindOf('the BPF_BTF_LOAD syscall returned Invalid argument (os error 22)'),
  ]).toMatchInlineSnapshot(`
    [
      "kernel-missing: program p: apply CO-RE relocations: load kernel spec: open /sys/kernel/btf/vmlinux: no such file or directory",
      "kernel-missing: program p: load kernel spec: not found (unsupported platform)",
      "kernel-missing: program p: apply CO-RE relocations: no BTF found for kernel version 5.4.0: not supported",
      "kernel-missing: BTF error: error parsing /sys/kernel/btf/vmlinux: No such file or directory (os error 2)",
      "object-refused: the BPF_BTF_LOAD syscall returned Invalid argument (os error 22)",
    ]
  `);
});

test('the words of cilium/ebpf about an extern name the extern', () => {
  const externs = (text: string) => {
    const failures = [failure('extern', `program p: ${text}`, { name: 'p' })];
    return reportedFacts({ ...NOTHING, failures }, OBJECT).externs.map(({ kind, name, detail }) => `${kind} '${name}': ${detail}`);
  };
  expect(
    [
      'resolve .kconfig: config option "CONFIG_NO_SUCH" does not exist on this kernel',
      'resolve .kconfig: problem adding value for CONFIG_HZ: cannot use "250" for btf.Bool',
      'resolve .kconfig: cannot find a kconfig file: neither /boot/config-6.12.0 nor /proc/config.gz provide a kconfig',
      'fixing up kfuncs: kfunc "no_such_kfunc": not supported',
      'fixing up kfuncs: kfunc "bpf_task_release": type mismatch between Fwd:"task_struct"[struct] and Struct:"task_struct"[fields=9]: incompatible types',
      'fixing up kfuncs: finding kfunc in kernel: permission denied',
      'resolve .ksyms: kernel is missing symbol: no_such_symbol',
      'resolve .ksyms: kernel is missing symbol: first,second',
      'resolve .ksyms: resolve required ksyms: first,second: restricted by kernel.kptr_restrict sysctl',
      'resolve .ksyms: resolve ksym no_such_symbol: multiple kernel symbols with the same name',
      'resolve .ksyms: resolve ksyms: symbol twice(0x10): duplicate found at address 0x20: multiple kernel symbols with the same name',
      'resolve .ksyms: resolve ksyms: open /proc/kallsyms: permission denied',
    ].flatMap(externs),
  ).toMatchInlineSnapshot(`
    [
      "kconfig 'CONFIG_NO_SUCH': resolve .kconfig: config option "CONFIG_NO_SUCH" does not exist on this kernel",
      "kconfig 'CONFIG_HZ': resolve .kconfig: problem adding value for CONFIG_HZ: cannot use "250" for btf.Bool",
      "kconfig '': resolve .kconfig: cannot find a kconfig file: neither /boot/config-6.12.0 nor /proc/config.gz provide a kconfig",
      "kfunc 'no_such_kfunc': fixing up kfuncs: kfunc "no_such_kfunc": not supported",
      "kfunc 'bpf_task_release': fixing up kfuncs: kfunc "bpf_task_release": type mismatch between Fwd:"task_struct"[struct] and Struct:"task_struct"[fields=9]: incompatible types",
      "kfunc '': fixing up kfuncs: finding kfunc in kernel: permission denied",
      "ksym 'no_such_symbol': resolve .ksyms: kernel is missing symbol: no_such_symbol",
      "ksym 'first': resolve .ksyms: kernel is missing symbol: first,second",
      "ksym 'first': resolve .ksyms: resolve required ksyms: first,second: restricted by kernel.kptr_restrict sysctl",
      "ksym 'no_such_symbol': resolve .ksyms: resolve ksym no_such_symbol: multiple kernel symbols with the same name",
      "ksym 'twice': resolve .ksyms: resolve ksyms: symbol twice(0x10): duplicate found at address 0x20: multiple kernel symbols with the same name",
      "ksym '': resolve .ksyms: resolve ksyms: open /proc/kallsyms: permission denied",
    ]
  `);
  expect(failing('extern', 'program p: resolve .ksyms: kernel is missing symbol: no_such_symbol', { name: 'p' })).toMatchInlineSnapshot(`
    {
      "ended": "extern",
      "externs": [
        {
          "detail": "resolve .ksyms: kernel is missing symbol: no_such_symbol",
          "kind": "ksym",
          "missingIn": "symbols",
          "name": "no_such_symbol",
        },
      ],
      "warnings": [
        "program p: resolve .ksyms: kernel is missing symbol: no_such_symbol",
      ],
    }
  `);
});

test('the attach target that the kernel lacks is the target of the program in the object', () => {
  const missing = (...args: Parameters<typeof failure>) => reportedFacts({ ...NOTHING, failures: [failure(...args)] }, OBJECT).programs;
  const target = (...args: Parameters<typeof failure>) =>
    missing(...args).map(({ program, missingTarget }) => `${program}: ${missingTarget}`);
  const refused = 'program p: attach Tracing/TraceFEntry: fentry do_exit not supported';
  expect([
    target('attach', refused, { errno: 2, name: 'p' }),
    target('attach', refused, { errno: 2, name: 'late' }),
    target('attach', refused, { errno: 2, name: 'q' }),
    target('attach', refused, { errno: 2, name: 'unknown' }),
    target('attach', refused, { errno: 95, name: 'p' }),
    target('attach', 'Unknown BTF type `do_exit`', { errno: 0, name: 'p' }),
    target('program', 'unknown BTF type `do_exit`', { errno: 0, name: 'p' }),
    target('program', 'Unknown BTF type `vfs_read`', { errno: 0, name: 'late' }),
    target('program', 'the BPF_PROG_LOAD syscall returned No such file or directory (os error 2)', { errno: 2, name: 'p' }),
  ]).toMatchInlineSnapshot(`
    [
      [
        "p: do_exit",
      ],
      [
        "late: vfs_read",
      ],
      [
        "q: null",
      ],
      [
        "unknown: null",
      ],
      [
        "p: null",
      ],
      [
        "p: null",
      ],
      [
        "p: do_exit",
      ],
      [
        "late: vfs_read",
      ],
      [
        "p: null",
      ],
    ]
  `);
  expect(missing('attach', refused, { errno: 2, name: 'p' })).toMatchInlineSnapshot(`
    [
      {
        "error": {
          "errno": 2,
          "text": "program p: attach Tracing/TraceFEntry: fentry do_exit not supported",
        },
        "missingTarget": "do_exit",
        "program": "p",
        "verifierLog": null,
        "warnings": [
          "program p: attach Tracing/TraceFEntry: fentry do_exit not supported",
        ],
      },
    ]
  `);
});

test('a program has the last log of the verifier that is about it', () => {
  const verifierLogs = [
    { program: 'q', text: 'first\n' },
    { program: 'q', text: 'last\n' },
    { program: 'p', text: 'of p\n' },
  ];
  const rejected = failure('program', 'load program: invalid argument', { name: 'q' });
  expect(reportedFacts({ ...NOTHING, failures: [rejected], verifierLogs }, OBJECT).programs).toMatchInlineSnapshot(`
    [
      {
        "error": {
          "errno": 22,
          "text": "load program: invalid argument",
        },
        "missingTarget": null,
        "program": "q",
        "verifierLog": "last
    ",
        "warnings": [
          "load program: invalid argument",
        ],
      },
    ]
  `);
});

test('the last of several failures ended the load', () => {
  const failures = [failure('map', 'map m: map create: invalid argument', { name: 'm' }), failure('object', 'no BTF parsed for object')];
  expect(factsIn({ failures })).toMatchInlineSnapshot(`
    {
      "ended": "object",
      "failures": [
        {
          "text": "no BTF parsed for object",
          "topic": "object",
        },
      ],
      "maps": [
        {
          "error": {
            "errno": 22,
            "text": "map m: map create: invalid argument",
          },
          "map": "m",
          "step": "create",
        },
      ],
      "warnings": [
        "map m: map create: invalid argument",
        "no BTF parsed for object",
      ],
    }
  `);
});

test('functions that the loader appended have their places in each program', () => {
  const subprograms = [
    { program: 'p', function: 'first', insns: 4, offset: 10 },
    { program: 'p', function: 'second', insns: 2, offset: 14 },
    { program: 'q', function: 'first', insns: 4, offset: 3 },
  ];
  expect(factsIn({ subprograms })).toMatchInlineSnapshot(`
    {
      "layouts": Map {
        "p" => Map {
          "first" => {
            "insns": 4,
            "offset": 10,
          },
          "second" => {
            "insns": 2,
            "offset": 14,
          },
        },
        "q" => Map {
          "first" => {
            "insns": 4,
            "offset": 3,
          },
        },
      },
    }
  `);
});

const SPEC = 'struct task_struct.state (0:1 @ offset 8)';
const KINDS = ['byte_off', 'field_exists', 'enumval_exists', 'type_matches', 'type_size'] as const;

/** One relocation of each kind, at the instruction with its number. */
const RELOCATIONS = KINDS.map((kind, index): ObjectRelocation => ({
  index,
  section: 'fentry/do_exit',
  program: 'p',
  insn: index,
  kind,
  spec: SPEC,
  access: 'task_struct.state',
  source: null,
}));
const CANDIDATES = RELOCATIONS.map(({ index }) => [{ spec: `[${index}] struct task_struct`, matches: index === 0 }]);

type ReportedRelocation = LoaderReport['relocations'][number];

function relocation(insn: number, outcome: ReportedRelocation['outcome'], more: Partial<ReportedRelocation> = {}): ReportedRelocation {
  return { outcome, insn, from: '8', to: '16', function: 'p', text: '', ...more };
}

function relocated(relocations: readonly ReportedRelocation[], object: Partial<ReportedObject> = {}) {
  const report = { ...NOTHING, relocations: [...relocations] };
  return reportedFacts(report, { ...OBJECT, relocations: RELOCATIONS, candidates: () => CANDIDATES, ...object }).relocations;
}

test('a patched, a poisoned and a failed relocation have the facts of the object and of the report', () => {
  expect([
    relocated([relocation(0, 'patched', { text: 'byte_off=8->16' })]),
    relocated([relocation(0, 'poisoned', { from: '0', to: '0', text: 'byte_off=poison' })]),
    relocated([relocation(0, 'failed', { text: 'multiple types match: ambiguous relocation' })]),
  ]).toMatchInlineSnapshot(`
    [
      [
        {
          "ambiguity": null,
          "candidates": [
            {
              "matches": true,
              "spec": "[0] struct task_struct",
            },
          ],
          "error": null,
          "index": 0,
          "kind": "byte_off",
          "memSize": null,
          "noTarget": false,
          "patch": {
            "form": "ALU",
            "from": "8",
            "insn": 0,
            "to": "16",
          },
          "poisoned": [],
          "program": "p",
          "section": "fentry/do_exit",
          "spec": "struct task_struct.state (0:1 @ offset 8)",
          "warnings": [],
          "wrongAccess": false,
        },
      ],
      [
        {
          "ambiguity": null,
          "candidates": [
            {
              "matches": true,
              "spec": "[0] struct task_struct",
            },
          ],
          "error": null,
          "index": 0,
          "kind": "byte_off",
          "memSize": null,
          "noTarget": true,
          "patch": null,
          "poisoned": [
            0,
          ],
          "program": "p",
          "section": "fentry/do_exit",
          "spec": "struct task_struct.state (0:1 @ offset 8)",
          "warnings": [],
          "wrongAccess": false,
        },
      ],
      [
        {
          "ambiguity": "multiple types match: ambiguous relocation",
          "candidates": [
            {
              "matches": true,
              "spec": "[0] struct task_struct",
            },
          ],
          "error": "multiple types match: ambiguous relocation",
          "index": 0,
          "kind": "byte_off",
          "memSize": null,
          "noTarget": false,
          "patch": null,
          "poisoned": [],
          "program": "p",
          "section": "fentry/do_exit",
          "spec": "struct task_struct.state (0:1 @ offset 8)",
          "warnings": [
            "multiple types match: ambiguous relocation",
          ],
          "wrongAccess": false,
        },
      ],
    ]
  `);
});

test('a failed relocation is ambiguous in the words of each library', () => {
  const words = [
    'multiple types match: ambiguous relocation',
    'error relocating T, multiple candidate target types found with different memory layouts: [1, 2]',
    'incompatible types',
  ];
  expect(words.map((text) => relocated([relocation(0, 'failed', { text })])[0]?.ambiguity)).toEqual([words[0], words[1], null]);
  expect(words.map((text) => relocated([relocation(0, 'patched', { text })])[0]?.ambiguity)).toEqual([null, null, null]);
});

test('only a check for existence that becomes 0 has no target', () => {
  const absent = (to: string) => RELOCATIONS.map(({ insn, kind }) => [kind, relocated([relocation(insn, 'patched', { to })])[0]?.noTarget]);
  expect({ 0: Object.fromEntries(absent('0')), 1: Object.fromEntries(absent('1')) }).toMatchInlineSnapshot(`
    {
      "0": {
        "byte_off": false,
        "enumval_exists": true,
        "field_exists": true,
        "type_matches": true,
        "type_size": false,
      },
      "1": {
        "byte_off": false,
        "enumval_exists": false,
        "field_exists": false,
        "type_matches": false,
        "type_size": false,
      },
    }
  `);
  expect(relocated([relocation(1, 'failed', { to: '0' })])[0]?.noTarget).toBe(false);
});

test('only the last report of a relocation counts, and a report of an unknown place is ignored', () => {
  const reports = [
    relocation(0, 'failed', { text: 'incompatible types' }),
    relocation(1, 'patched'),
    relocation(0, 'patched'),
    relocation(99, 'patched'),
    relocation(2, 'patched', { function: 'another' }),
  ];
  expect(relocated(reports).map(({ index, patch, error }) => ({ index, patch, error }))).toMatchInlineSnapshot(`
    [
      {
        "error": null,
        "index": 0,
        "patch": {
          "form": "ALU",
          "from": "8",
          "insn": 0,
          "to": "16",
        },
      },
      {
        "error": null,
        "index": 1,
        "patch": {
          "form": "ALU",
          "from": "8",
          "insn": 1,
          "to": "16",
        },
      },
    ]
  `);
});

test('each relocation has its own candidates in the kernel, and none if they are unknown', () => {
  const reports = [relocation(0, 'patched'), relocation(3, 'patched')];
  const candidatesIn = (candidates: ReportedObject['candidates']) => relocated(reports, { candidates }).map((facts) => facts.candidates);
  expect(candidatesIn(() => CANDIDATES)).toEqual([CANDIDATES[0], CANDIDATES[3]]);
  expect(candidatesIn(() => CANDIDATES.slice(0, 1))).toEqual([CANDIDATES[0], []]);
  expect(candidatesIn(undefined)).toEqual([[], []]);
});
