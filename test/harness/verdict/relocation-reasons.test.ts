// What became of one relocation: its outcome, its values, what is suspicious about it, and the reason if it ends a load.
import { expect, test } from 'vitest';
import { RELOCATION_KINDS, type RelocationKind } from '../../../harness/base/vocabulary.ts';
import type { ObjectRelocation } from '../../../harness/bpf/object/places.ts';
import type { RelocationFacts } from '../../../harness/logs/loader-log.ts';
import { outcomeOf, suspicionOf, valuesOf } from '../../../harness/verdict/relocations/outcome.ts';
import { coreFinding, namedFinding } from '../../../harness/verdict/rules/core-reason.ts';

const SPEC = '[9] struct task_struct.state (0:1 @ offset 8)';
const FACTS: RelocationFacts = {
  section: 'kprobe/f',
  program: 'p',
  index: 4,
  kind: 'byte_off',
  spec: SPEC,
  candidates: [],
  noTarget: false,
  patch: null,
  memSize: null,
  poisoned: [],
  wrongAccess: false,
  ambiguity: null,
  warnings: [],
  error: null,
};
const RELOCATION: ObjectRelocation = {
  index: 4,
  section: 'kprobe/f',
  program: 'p',
  insn: 7,
  kind: 'byte_off',
  spec: 'struct task_struct.state (0:1 @ offset 8)',
  access: 'task_struct.state',
  source: { file: 'src/tracing.bpf.c', line: 23, text: 't->state', exact: true },
};

const patch = (from: string, to: string): Partial<RelocationFacts> => ({ patch: { insn: 7, form: 'LDX', from, to } });
const MATCHING = { spec: '[114] struct task_struct.state (0:1 @ offset 16)', matches: true };
const DIFFERENT = { spec: '[114] struct task_struct (0 @ offset 0)', matches: false };
/** More numbers than names: the member has the name, but another kind of type. */
const INCOMPATIBLE = { spec: '[114] struct task_struct (0:1 @ offset 16)', matches: false };

const outcome = (facts: Partial<RelocationFacts> | null, kind: RelocationKind = 'byte_off') =>
  outcomeOf(kind, facts && { ...FACTS, ...facts });

test('the outcome of a relocation is what libbpf printed about it last', () => {
  const cases: [string, Partial<RelocationFacts> | null][] = [
    ['nothing is printed', null],
    ['only the spec is printed', {}],
    ['candidates disagree', { ambiguity: 'x', ...patch('8', '8') }],
    ['poisoned, no candidate', { poisoned: [7], noTarget: true }],
    ['poisoned, a candidate without the member', { poisoned: [7], noTarget: true, candidates: [DIFFERENT] }],
    ['poisoned, a candidate that is no spec', { poisoned: [7], candidates: [{ spec: '', matches: false }] }],
    ['poisoned, a matching candidate with more numbers than names', { poisoned: [7], candidates: [{ ...INCOMPATIBLE, matches: true }] }],
    ['poisoned, an incompatible candidate', { poisoned: [7], noTarget: true, candidates: [DIFFERENT, INCOMPATIBLE] }],
    ['poisoned, wrong access', { poisoned: [7], wrongAccess: true }],
    ['an error about the load', { error: 'parsing [9] failed: -22' }],
    ['an error, patched before', { error: 'x', ...patch('8', '8') }],
    ...[
      'value too big',
      'unexpected mem size',
      'invalid new mem size',
      "can't be satisfied for bitfield",
      "can't be applied to array access",
    ].map((error): [string, Partial<RelocationFacts>] => [`an error: ${error}`, { error: `insn #7 ${error}` }]),
    ['the same value', patch('8', '8')],
    ['another value', patch('8', '16')],
    ['another value without a target', { noTarget: true, ...patch('1', '0') }],
  ];
  expect(Object.fromEntries(cases.map(([name, facts]) => [name, outcome(facts)]))).toMatchInlineSnapshot(`
    {
      "an error about the load": "not-reached",
      "an error, patched before": "not-reached",
      "an error: can't be applied to array access": "incompatible",
      "an error: can't be satisfied for bitfield": "incompatible",
      "an error: invalid new mem size": "incompatible",
      "an error: unexpected mem size": "incompatible",
      "an error: value too big": "incompatible",
      "another value": "moved",
      "another value without a target": "moved",
      "candidates disagree": "ambiguous",
      "nothing is printed": "not-reached",
      "only the spec is printed": "not-reached",
      "poisoned, a candidate that is no spec": "poisoned",
      "poisoned, a candidate without the member": "poisoned",
      "poisoned, a matching candidate with more numbers than names": "poisoned",
      "poisoned, an incompatible candidate": "incompatible",
      "poisoned, no candidate": "poisoned",
      "poisoned, wrong access": "incompatible",
      "the same value": "resolved",
    }
  `);
});

test('each kind of relocation has its own outcomes, values and suspicions', () => {
  const found = RELOCATION_KINDS.map((kind) => {
    const relocation = { ...RELOCATION, kind };
    const moved = { ...FACTS, kind, candidates: [MATCHING], ...patch('1', '0') };
    const missing = { ...FACTS, kind, noTarget: true, ...patch('1', '0') };
    const values = valuesOf(relocation, { ...FACTS, kind });
    return [
      kind,
      outcomeOf(kind, moved),
      outcomeOf(kind, missing),
      values.local ?? '-',
      suspicionOf(relocation, moved, false) ?? 'fine',
    ].join(', ');
  });
  expect(found).toMatchInlineSnapshot(`
    [
      "byte_off, moved, moved, 8, fine",
      "byte_sz, moved, moved, -, the field has 0 bytes here, 1 as compiled",
      "field_exists, moved, absent-guarded, 1, fine",
      "signed, moved, moved, -, the field is unsigned here, signed as compiled",
      "lshift_u64, moved, moved, -, fine",
      "rshift_u64, moved, moved, -, fine",
      "local_type_id, resolved, resolved, 9, fine",
      "target_type_id, resolved, absent-guarded, 9, fine",
      "type_exists, moved, absent-guarded, 1, fine",
      "type_size, moved, absent-guarded, -, fine",
      "enumval_exists, moved, absent-guarded, 1, fine",
      "enumval_value, moved, moved, -, fine",
      "type_matches, moved, absent-guarded, 1, fine",
    ]
  `);
});

test('the values of a relocation are those that libbpf printed, else what its spec has', () => {
  const values = (spec: string | null, kind: RelocationKind, facts: Partial<RelocationFacts> | null = {}) => {
    const { local, target } = valuesOf(
      { ...RELOCATION, kind, spec: '[3] struct other.x (0:1 @ offset 32)' },
      facts && { ...FACTS, kind, spec, ...facts },
    );
    return [local, target];
  };
  expect([
    values(SPEC, 'byte_off', patch('8', '16')),
    values(SPEC, 'byte_off'),
    values(null, 'byte_off'),
    values(SPEC, 'byte_off', null),
    values('[9] struct task_struct.state (0:1 @ offset 8.3)', 'byte_off'),
    values('[9] struct task_struct', 'byte_off'),
    values('[9] enum kind::ONE = 5', 'enumval_value'),
    values('[9] enum kind', 'enumval_value'),
    values('[9] struct task_struct', 'local_type_id'),
    values('[9] struct task_struct', 'target_type_id'),
    values('struct task_struct', 'target_type_id'),
    values('[9] struct task_struct', 'type_size'),
    values('?', 'byte_off'),
  ]).toMatchInlineSnapshot(`
    [
      [
        "8",
        "16",
      ],
      [
        "8",
        null,
      ],
      [
        "32",
        null,
      ],
      [
        "32",
        null,
      ],
      [
        null,
        null,
      ],
      [
        null,
        null,
      ],
      [
        "5",
        null,
      ],
      [
        null,
        null,
      ],
      [
        "9",
        null,
      ],
      [
        "9",
        null,
      ],
      [
        null,
        null,
      ],
      [
        null,
        null,
      ],
      [
        null,
        null,
      ],
    ]
  `);
});

test('a relocation that passes is suspicious if it reads another size, sign or type', () => {
  const said = (kind: RelocationKind, facts: Partial<RelocationFacts> | null, shifts = false, spec = RELOCATION.spec) =>
    suspicionOf({ ...RELOCATION, kind, spec }, facts && { ...FACTS, kind, ...facts }, shifts);
  const renamed = { spec: '[114] struct task_struct___v2.state (0:1 @ offset 16)', matches: true };
  const other = { spec: '[114] struct thread.state (0:1 @ offset 16)', matches: true };
  expect([
    said('byte_off', null),
    said('byte_off', {}),
    said('byte_off', { ...patch('8', '16'), candidates: [MATCHING] }),
    said('byte_off', { ...patch('8', '16'), candidates: [renamed] }),
    said('byte_off', { ...patch('8', '16'), candidates: [DIFFERENT, other] }),
    said('byte_off', { ...patch('8', '16'), candidates: [{ ...other, matches: false }] }),
    said('byte_off', { ...patch('8', '16'), candidates: [other], spec: null }),
    said('byte_off', { ...patch('8', '16'), candidates: [other], spec: null }, false, '?'),
    said('byte_off', { ...patch('8', '16'), candidates: [{ spec: '?', matches: true }] }),
    said('byte_off', { ...patch('8', '16'), memSize: { from: 8, to: 4 } }),
    said('byte_off', { ...patch('8', '16'), memSize: { from: 8, to: 4 }, noTarget: true }),
    said('byte_off', { ...patch('8', '16'), memSize: { from: 8, to: 4 }, poisoned: [7] }),
    said('byte_sz', patch('8', '4')),
    said('byte_sz', patch('8', '8')),
    said('byte_sz', patch('8', '4'), true),
    said('signed', patch('1', '0')),
    said('signed', patch('0', '1')),
    said('signed', patch('0', '2')),
    said('signed', patch('1', '1')),
    said('signed', patch('1', '0'), true),
  ]).toMatchInlineSnapshot(`
    [
      null,
      null,
      null,
      null,
      "it resolves to struct thread here, compiled for struct task_struct",
      null,
      "it resolves to struct thread here, compiled for struct task_struct",
      null,
      null,
      "the field is read with 4 bytes here, with 8 as compiled",
      null,
      null,
      "the field has 4 bytes here, 8 as compiled",
      null,
      null,
      "the field is unsigned here, signed as compiled",
      "the field is signed here, unsigned as compiled",
      "the field is 2 here, unsigned as compiled",
      null,
      null,
    ]
  `);
});

test('a relocation that ends a load has the class of its cause', () => {
  const reason = (facts: Partial<RelocationFacts>, relocations: readonly ObjectRelocation[] = [RELOCATION]) => {
    const found = coreFinding({ ...FACTS, ...facts }, { programs: [], relocations: [...relocations], maps: [] });
    return `${found.class}: ${found.reason}`;
  };
  const enumerator = (kind: RelocationKind) => [{ ...RELOCATION, kind, access: 'enum kind::ONE' }];
  const enumSpec = '[9] enum kind::ONE = 5';
  expect([
    reason({ ambiguity: 'field offset ambiguity: 64 != 128' }),
    reason({ ambiguity: 'x field offset ambiguity: 64 != 128' }),
    reason({ ambiguity: 'field offset ambiguity: 64 != 128 x' }),
    reason({ ambiguity: 'relocation decision ambiguity: success 1 != failure 0', error: 'e' }),
    reason({ error: 'parsing failed', wrongAccess: true }),
    reason({ wrongAccess: true, noTarget: true }),
    ...(['enumval_value', 'enumval_exists'] as const).flatMap((kind) => [
      reason({ spec: enumSpec, noTarget: true }, enumerator(kind)),
      reason({ spec: enumSpec, noTarget: true, candidates: [DIFFERENT] }, enumerator(kind)),
    ]),
    reason({ noTarget: true }),
    reason({ noTarget: true, candidates: [DIFFERENT] }),
    reason({ noTarget: true, candidates: [INCOMPATIBLE] }),
    reason({ noTarget: false }),
    reason({ noTarget: false, candidates: [DIFFERENT] }),
    reason({ noTarget: true, candidates: [DIFFERENT] }, [
      { ...RELOCATION, program: 'q', access: 'q.x' },
      { ...RELOCATION, index: 5, access: 'p.5' },
    ]),
    reason({ noTarget: true, candidates: [DIFFERENT] }, [{ ...RELOCATION, source: { file: 'a/b.c', line: 7, text: '', exact: false } }]),
    reason({ noTarget: true, candidates: [DIFFERENT] }, [{ ...RELOCATION, source: null }]),
    reason({ noTarget: true, candidates: [DIFFERENT], kind: null }, []),
    reason({ noTarget: true, candidates: [DIFFERENT], kind: null, spec: null }, []),
    reason({ noTarget: true, spec: null }),
  ]).toMatchInlineSnapshot(`
    [
      "core-ambiguous: task_struct.state: the kernel has several types of this name, and they differ: offset 8 in one candidate, 16 in another (byte_off, tracing.bpf.c:23)",
      "core-ambiguous: task_struct.state: the kernel has several types of this name, and they differ: x field offset ambiguity: 64 != 128 (byte_off, tracing.bpf.c:23)",
      "core-ambiguous: task_struct.state: the kernel has several types of this name, and they differ: field offset ambiguity: 64 != 128 x (byte_off, tracing.bpf.c:23)",
      "core-ambiguous: task_struct.state: the kernel has several types of this name, and they differ: relocation decision ambiguity: success 1 != failure 0 (byte_off, tracing.bpf.c:23)",
      "core-other: task_struct.state: parsing failed (byte_off, tracing.bpf.c:23)",
      "core-field-incompatible: task_struct.state: its size or sign on this kernel does not fit the compiled access (byte_off, tracing.bpf.c:23)",
      "core-enum-missing: enum kind::ONE: no such type enum kind (enumval_value, tracing.bpf.c:23)",
      "core-enum-missing: enum kind::ONE: no such enumerator (enumval_value, tracing.bpf.c:23)",
      "core-enum-missing: enum kind::ONE: no such type enum kind (enumval_exists, tracing.bpf.c:23)",
      "core-enum-missing: enum kind::ONE: no such enumerator (enumval_exists, tracing.bpf.c:23)",
      "core-type-missing: task_struct.state: no such type struct task_struct (byte_off, tracing.bpf.c:23)",
      "core-field-missing: task_struct.state: no such field (byte_off, tracing.bpf.c:23)",
      "core-field-incompatible: task_struct.state: its type is of another kind on this kernel (byte_off, tracing.bpf.c:23)",
      "core-other: task_struct.state: cannot be relocated (byte_off, tracing.bpf.c:23)",
      "core-other: task_struct.state: cannot be relocated (byte_off, tracing.bpf.c:23)",
      "core-field-missing: task_struct.state: no such field (byte_off)",
      "core-field-missing: task_struct.state: no such field (byte_off, near b.c:7)",
      "core-field-missing: task_struct.state: no such field (byte_off)",
      "core-field-missing: task_struct.state: no such field",
      "core-field-missing: a relocation: no such field",
      "core-type-missing: task_struct.state: no such type struct task_struct (byte_off, tracing.bpf.c:23)",
    ]
  `);
});

test('a relocation that only the verifier names has no known cause', () => {
  const named = (...args: Parameters<typeof namedFinding>) => {
    const found = namedFinding(...args);
    return `${found.class}: ${found.reason}`;
  };
  expect([
    named(null, null),
    named(null, 7),
    named({ kind: 'byte_off', spec: SPEC }, 7),
    named({ kind: null, spec: '?' }, null),
    named({ kind: 'enumval_value', spec: '[9] enum kind::ONE = 5' }, 7),
    named({ kind: 'enumval_exists', spec: '[9] enum kind::ONE = 5' }, 7),
  ]).toMatchInlineSnapshot(`
    [
      "core-other: the verifier reaches a CO-RE relocation without a target",
      "core-other: the verifier reaches a CO-RE relocation without a target at insn 7",
      "core-other: task_struct.state: no target in this kernel (byte_off)",
      "core-other: a relocation: no target in this kernel",
      "core-enum-missing: enum kind::ONE: no target in this kernel (enumval_value)",
      "core-other: enum kind::ONE: no target in this kernel (enumval_exists)",
    ]
  `);
});

test('the reason names the relocation of the object that libbpf prints, wherever it is in the object', () => {
  const others = [0, 1, 2].map((index) => ({ ...RELOCATION, index, access: `other.${index}` }));
  const facts = { ...FACTS, noTarget: true, candidates: [DIFFERENT] };
  expect(coreFinding(facts, { programs: [], relocations: [...others, RELOCATION], maps: [] }).reason).toBe(
    'task_struct.state: no such field (byte_off, tracing.bpf.c:23)',
  );
});
