// Which poisoned relocation the verifier reached, and from which attempts the record of a relocation is made.
import { expect, test } from 'vitest';
import type { ObjectRelocation } from '../../../harness/bpf/object/places.ts';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import { readAttempt } from '../../../harness/verdict/evidence/attempt.ts';
import type { LoadAttempt } from '../../../harness/verdict/evidence/evidence.ts';
import { partsOf, placeOf, reachedPoison } from '../../../harness/verdict/relocations/poison.ts';
import { relocationRecords } from '../../../harness/verdict/relocations/records.ts';

type Tried = Pick<LoadAttempt, 'program' | 'reached'>;
const WHOLE: Tried = { program: null, reached: 'load' };

const read = (text: string, { program, reached }: Tried = WHOLE) =>
  readAttempt(
    { program, reached, errno: reached === 'done' ? 0 : 22, openMs: 0, loadMs: 0, log: textRecords(text) },
    { programs: [], relocations: [] },
  );

const spec = (field: string) => `<byte_off> [9] struct task_struct.${field} (0:1 @ offset 8)`;
const printed = (program: string, index: number, field: string) => `libbpf: prog '${program}': relo #${index}: ${spec(field)}\n`;
const poisoned = (program: string, index: number, insn: number, field: string) =>
  `${printed(program, index, field)}libbpf: prog '${program}': relo #${index}: no matching targets found\nlibbpf: prog '${program}': relo #${index}: substituting insn #${insn} w/ invalid insn\n`;
const patched = (program: string, index: number, field: string, to: number) =>
  `${printed(program, index, field)}libbpf: prog '${program}': relo #${index}: patched insn #7 (LDX/ST/STX) off 8 -> ${to}\n`;
const refused = (program: string, log: string) =>
  `libbpf: prog '${program}': BPF program load failed: -EINVAL\nlibbpf: prog '${program}': -- BEGIN PROG LOAD LOG --\n${log}\n-- END PROG LOAD LOG --\nlibbpf: prog '${program}': failed to load: -EINVAL\n`;
const BAD_CALL = (insn: number) => `${insn}: (85) call unknown#195896080\ninvalid func unknown#195896080`;
const NAMED = (field: string, insn = '') => `${insn}failed to resolve CO-RE relocation ${spec(field)}`;
const LAYOUT = `libbpf: prog 'p': added 5 insns from sub-prog 'first'
libbpf: prog 'p': insn #1 relocated, imm 7 points to subprog 'first' (now at 9 offset)
libbpf: prog 'p': added 6 insns from sub-prog 'second'
libbpf: prog 'p': insn #2 relocated, imm 7 points to subprog 'second' (now at 14 offset)
libbpf: prog 'p': added 3 insns from sub-prog 'never called'
`;

test('an instruction of a final program belongs to the program, or to the subprogram that was appended there', () => {
  const { log } = read(LAYOUT);
  const places = [0, 8, 9, 13, 14, 19, 20].map((insn) => placeOf(log, 'p', insn));
  expect(places.map(({ program, insn }) => `${program} ${insn}`)).toEqual([
    'p 0',
    'p 8',
    'first 0',
    'first 4',
    'second 0',
    'second 5',
    'p 20',
  ]);
  expect([placeOf(log, 'q', 9), partsOf(log, 'p'), partsOf(log, 'q')]).toEqual([
    { program: 'q', insn: 9 },
    ['p', 'first', 'second', 'never called'],
    ['q'],
  ]);
});

test('the poisoned relocation that ended a load is found by its instruction, else by the words of libbpf', () => {
  const reached = (text: string, log: string, program = 'p') => {
    const { log: facts, rejected } = read(text + refused(program, log));
    const found = rejected?.verifier ? reachedPoison(facts, program, rejected.verifier) : null;
    return found && `${found.program} #${found.index}`;
  };
  const [one, two] = [poisoned('p', 1, 3, 'one'), poisoned('p', 2, 7, 'two')];
  const sub = poisoned('second', 0, 2, 'three');
  const cut = spec('two').slice(0, 40);
  expect({
    'by instruction': reached(one + two, BAD_CALL(7)),
    'by instruction, of a subprogram': reached(LAYOUT + two + sub, BAD_CALL(16)),
    'another instruction': reached(one + two, BAD_CALL(8)),
    'the same instruction of another program': reached(poisoned('q', 1, 7, 'one') + two, BAD_CALL(7)),
    'the same instruction of another program only': reached(poisoned('q', 1, 7, 'one'), BAD_CALL(7)),
    'by name': reached(one + two, NAMED('two')),
    'by name, though the instruction is another': reached(one + two, NAMED('two', '8: <invalid CO-RE relocation>\n')),
    'by instruction before name': reached(one + two, NAMED('two', '3: <invalid CO-RE relocation>\n')),
    'by a name that is cut': reached(one + two, `failed to resolve CO-RE relocation ${cut}...`),
    'by a name that is cut, without a spec': reached(
      `libbpf: prog 'p': relo #3: substituting insn #1 w/ invalid insn\n${two}`,
      `failed to resolve CO-RE relocation ${cut}...`,
    ),
    'by a part of a name': reached(one + two, `failed to resolve CO-RE relocation ${cut}`),
    'by name, of a subprogram': reached(LAYOUT + sub, NAMED('three')),
    'by name, of another program': reached(poisoned('q', 1, 3, 'one'), NAMED('one')),
    'by name, not poisoned': reached(patched('p', 1, 'one', 16), NAMED('one')),
    'without a name': reached(one, 'invalid func unknown#195896080'),
    'another reason': reached(one, '3: (95) exit\nR0 !read_ok'),
  }).toMatchInlineSnapshot(`
    {
      "another instruction": null,
      "another reason": null,
      "by a name that is cut": "p #2",
      "by a name that is cut, without a spec": "p #2",
      "by a part of a name": null,
      "by instruction": "p #2",
      "by instruction before name": "p #1",
      "by instruction, of a subprogram": "second #0",
      "by name": "p #2",
      "by name, not poisoned": null,
      "by name, of a subprogram": "second #0",
      "by name, of another program": null,
      "by name, though the instruction is another": "p #2",
      "the same instruction of another program": "p #2",
      "the same instruction of another program only": null,
      "without a name": null,
    }
  `);
});

const relocation = (program: string, index: number, field: string, more: Partial<ObjectRelocation> = {}): ObjectRelocation => ({
  index,
  section: `kprobe/${program}`,
  program,
  insn: 7,
  kind: 'byte_off',
  spec: `struct task_struct.${field} (0:1 @ offset 8)`,
  access: `task_struct.${field}`,
  source: null,
  ...more,
});
const OBJECT = { programs: [{ name: 'p' }, { name: 'q' }], relocations: [relocation('p', 1, 'one'), relocation('q', 2, 'two')] };

/** The records in one line each. */
function records(attempts: readonly ReturnType<typeof read>[], object = OBJECT): string[] {
  return relocationRecords(object, attempts).map(({ outcome, local, target, reached, suspicious, candidates, warnings }) =>
    [outcome, `${local} -> ${target}`, reached, suspicious, candidates.length, warnings.length].filter((part) => part !== null).join(', '),
  );
}

const one = (reached: LoadAttempt['reached'], program: string | null = null) => ({ program, reached });

test('a record is made from the load of the whole object if it succeeded, else from the attempt that went furthest', () => {
  const both = (to: number) => patched('p', 1, 'one', to) + patched('q', 2, 'two', to);
  expect({
    'no attempt': records([]),
    'the whole object loads': records([read(both(16), one('done')), read(both(24), one('done', 'p'))]),
    'one of two loads of the whole object succeeds': records([
      read(both(16), one('load')),
      read(both(24), one('done')),
      read(both(32), one('done', 'p')),
    ]),
    'the whole object fails, the own attempt counts': records([
      read(both(16), one('load')),
      read(both(24), one('load', 'q')),
      read(both(32), one('done', 'p')),
    ]),
    'an attempt that went further counts before the own': records([
      read(both(16), one('load')),
      read(printed('p', 1, 'one'), one('load', 'p')),
    ]),
    'an attempt that printed something counts before one that printed nothing': records([
      read('', one('load', 'p')),
      read(printed('p', 1, 'x'), one('load', 'q')),
    ]),
    'a poisoned one went as far as a patched one': records([
      read(both(16), one('load')),
      read(poisoned('p', 1, 3, 'one'), one('load', 'p')),
    ]),
    'one with an error went as far as a patched one': records([
      read(both(16), one('load')),
      read(`${printed('p', 1, 'one')}libbpf: prog 'p': relo #1: failed to relocate: -22\n`, one('load', 'p')),
    ]),
    'a skipped program is no part of the whole object': records([
      read(`libbpf: prog 'p': skipped loading\n${both(16)}`, one('load')),
      read(both(24), one('load', 'q')),
    ]),
    'bpftool prints the section': records([read(patched('kprobe/p', 1, 'one', 16), one('done'))]),
  }).toMatchInlineSnapshot(`
    {
      "a poisoned one went as far as a patched one": [
        "poisoned, 8 -> null, unknown, 0, 0",
        "moved, 8 -> 16, 0, 0",
      ],
      "a skipped program is no part of the whole object": [
        "moved, 8 -> 16, 0, 0",
        "moved, 8 -> 24, 0, 0",
      ],
      "an attempt that printed something counts before one that printed nothing": [
        "not-reached, 8 -> null, 0, 0",
        "not-reached, 8 -> null, 0, 0",
      ],
      "an attempt that went further counts before the own": [
        "moved, 8 -> 16, 0, 0",
        "moved, 8 -> 16, 0, 0",
      ],
      "bpftool prints the section": [
        "moved, 8 -> 16, 0, 0",
        "not-reached, 8 -> null, 0, 0",
      ],
      "no attempt": [
        "not-reached, 8 -> null, 0, 0",
        "not-reached, 8 -> null, 0, 0",
      ],
      "one of two loads of the whole object succeeds": [
        "moved, 8 -> 16, 0, 0",
        "moved, 8 -> 16, 0, 0",
      ],
      "one with an error went as far as a patched one": [
        "not-reached, 8 -> null, 0, 1",
        "moved, 8 -> 16, 0, 0",
      ],
      "the whole object fails, the own attempt counts": [
        "moved, 8 -> 32, 0, 0",
        "moved, 8 -> 24, 0, 0",
      ],
      "the whole object loads": [
        "moved, 8 -> 16, 0, 0",
        "moved, 8 -> 16, 0, 0",
      ],
    }
  `);
});

test('a poisoned instruction is dead code if every program that contains it loads', () => {
  const bad = poisoned('p', 1, 3, 'one');
  const named = bad + refused('p', BAD_CALL(3));
  const other = bad + refused('p', '5: (95) exit\nR0 !read_ok');
  const shared = { ...OBJECT, relocations: [relocation('second', 0, 'three')] };
  const sub = LAYOUT + poisoned('second', 0, 2, 'three');
  expect({
    'the verifier names it': records([read(named)])[0],
    'the verifier names it in the own attempt': records([read(bad, one('load')), read(named, one('load', 'p'))])[0],
    'the whole object loads': records([read(bad, one('done'))])[0],
    'the whole object loads in spite of a refused program': records([read(named, one('done'))])[0],
    'the whole object loads, the own attempt did not': records([read(bad, one('done')), read(other, one('load', 'p'))])[0],
    'its program loads alone': records([read(other), read(bad, one('done', 'p')), read('', one('load', 'q'))])[0],
    'its program does not load alone': records([read(other), read(other, one('load', 'p')), read('', one('done', 'q'))])[0],
    'its program was not tried': records([read(bad), read('', one('done', 'q'))])[0],
    'its program is skipped': records([read(`libbpf: prog 'p': skipped loading\n${bad}`, one('done'))])[0],
    'the only attempt fails for another reason': records([read(other)])[0],
    'a subprogram of a program that loads': records([read(sub, one('done'))], shared)[0],
    'a subprogram of a program that does not load': records(
      [read(sub, one('load')), read(sub, one('load', 'p')), read('', one('done', 'q'))],
      shared,
    )[0],
    'a subprogram of no program': records([read(poisoned('second', 0, 2, 'three'), one('done'))], shared)[0],
  }).toMatchInlineSnapshot(`
    {
      "a subprogram of a program that does not load": "poisoned, 8 -> null, unknown, 0, 0",
      "a subprogram of a program that loads": "poisoned, 8 -> null, no, 0, 0",
      "a subprogram of no program": "poisoned, 8 -> null, unknown, 0, 0",
      "its program does not load alone": "poisoned, 8 -> null, unknown, 0, 0",
      "its program is skipped": "poisoned, 8 -> null, unknown, 0, 0",
      "its program loads alone": "poisoned, 8 -> null, no, 0, 0",
      "its program was not tried": "poisoned, 8 -> null, unknown, 0, 0",
      "the only attempt fails for another reason": "poisoned, 8 -> null, unknown, 0, 0",
      "the verifier names it": "poisoned, 8 -> null, yes, 0, 0",
      "the verifier names it in the own attempt": "poisoned, 8 -> null, yes, 0, 0",
      "the whole object loads": "poisoned, 8 -> null, no, 0, 0",
      "the whole object loads in spite of a refused program": "poisoned, 8 -> null, no, 0, 0",
      "the whole object loads, the own attempt did not": "poisoned, 8 -> null, no, 0, 0",
    }
  `);
});

test('a size is not suspicious if the same access has bitfield shifts', () => {
  const sized = `libbpf: prog 'p': relo #1: <byte_sz> [9] struct task_struct.one (0:1 @ offset 8)\nlibbpf: prog 'p': relo #1: patched insn #7 (ALU/ALU64) imm 8 -> 4\n`;
  const size = relocation('p', 1, 'one', { kind: 'byte_sz' });
  const with_ = (...others: ObjectRelocation[]) => records([read(sized, one('done'))], { ...OBJECT, relocations: [size, ...others] })[0];
  expect([
    with_(),
    with_(relocation('p', 2, 'one', { kind: 'lshift_u64' })),
    with_(relocation('p', 2, 'one', { kind: 'rshift_u64' })),
    with_(relocation('p', 2, 'one', { kind: 'signed' })),
    with_(relocation('q', 2, 'one', { kind: 'lshift_u64' })),
    with_(relocation('p', 2, 'other', { kind: 'lshift_u64', access: 'task_struct.one' })),
    with_(relocation('p', 2, 'one', { kind: 'lshift_u64', spec: '?', access: 'task_struct.one' })),
  ]).toMatchInlineSnapshot(`
    [
      "moved, 8 -> 4, the field has 4 bytes here, 8 as compiled, 0, 0",
      "moved, 8 -> 4, 0, 0",
      "moved, 8 -> 4, 0, 0",
      "moved, 8 -> 4, the field has 4 bytes here, 8 as compiled, 0, 0",
      "moved, 8 -> 4, the field has 4 bytes here, 8 as compiled, 0, 0",
      "moved, 8 -> 4, the field has 4 bytes here, 8 as compiled, 0, 0",
      "moved, 8 -> 4, 0, 0",
    ]
  `);
});

test('a record has the candidates and warnings of libbpf', () => {
  const text = `${printed('p', 1, 'one')}libbpf: prog 'p': relo #1: non-matching candidate #0 <byte_off> [114] struct task_struct (0 @ offset 0)
libbpf: prog 'p': relo #1: parsing [9] struct task_struct + 0:1 failed: -22
`;
  expect(relocationRecords(OBJECT, [read(text)])).toEqual([
    {
      ref: 0,
      outcome: 'not-reached',
      local: '8',
      target: null,
      reached: null,
      candidates: [{ spec: '[114] struct task_struct (0 @ offset 0)', matches: false }],
      suspicious: null,
      warnings: ['parsing [9] struct task_struct + 0:1 failed: -22'],
    },
    { ref: 1, outcome: 'not-reached', local: '8', target: null, reached: null, candidates: [], suspicious: null, warnings: [] },
  ]);
});

test('of two attempts that went equally far, the first counts, whether they print the program or its section', () => {
  const moved = (name: string, to: number) => read(patched(name, 1, 'one', to));
  expect([
    records([moved('p', 16), moved('kprobe/p', 24)])[0],
    records([moved('kprobe/p', 16), moved('p', 24)])[0],
    records([moved('p', 16), moved('p', 24)])[0],
  ]).toEqual(['moved, 8 -> 16, 0, 0', 'moved, 8 -> 16, 0, 0', 'moved, 8 -> 16, 0, 0']);
});
