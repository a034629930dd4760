// What the messages of libbpf say about one relocation, alone and one after another.
import { expect, test } from 'vitest';
import { RELOCATION_KINDS } from '../../../../harness/base/vocabulary.ts';
import { parseTextLog } from '../../../../harness/logs/libbpf/parse.ts';
import { readRelocationMessage } from '../../../../harness/logs/libbpf/relocation-messages.ts';

const SPEC = '[9] struct task_struct.state (0:1 @ offset 8)';
const read = (text: string, level: 'warn' | 'debug' | 'info' | 'unknown' = 'warn') => readRelocationMessage(text, level);
/** The message behind the words that name a relocation. */
const messageOf = (text: string, level?: 'warn' | 'debug' | 'info' | 'unknown') =>
  read(`prog 'p': relo #3: ${text}`, level)?.message ?? null;

test('each message about a relocation has its facts', () => {
  const texts = [
    `matching candidate #0 <byte_off> ${SPEC}`,
    `non-matching candidate #12 ${SPEC}`,
    `<byte_off> ${SPEC}`,
    `<strange> ${SPEC}`,
    `kind <byte_off> (0), spec is ${SPEC}`,
    'patched insn #12 (ALU/ALU64) imm 8 -> 16',
    'patched insn #12 (LDX/ST/STX) off -8 -> 16',
    'patched insn #12 (LDIMM64) imm64 8 -> 16',
    'patched insn #12 (LDX/ST/STX) mem_sz 8 -> 16',
    'no matching targets found',
    'no matching targets found for it',
    'substituting insn #12 w/ invalid insn',
    'insn #12 (LDX/ST/STX) accesses field incorrectly. Make sure',
    'field offset ambiguity: 64 != 128',
    'relocation decision ambiguity: success 1 != failure 0',
    'failed to relocate: -22',
    'failed to record relocation: -12',
    'failed to patch insn #12: -22',
    'parsing [9] struct s + 0 failed: -22',
    "<byte_off> (0) relocation doesn't support anonymous types",
    'error matching candidate #0 x',
    'target candidate search failed for [9] struct s',
    'unrecognized CO-RE relocation <?> (99) at insn #1',
    'unexpected insn #12 (ALU/ALU64) value: got 1, exp 2 -> 3',
    'insn #12 (LDX/ST/STX) value too big: 70000',
    'insn #12 (LDIMM64) has unexpected form',
    'trying to relocate unrecognized insn #12, code:0x5',
    'unexpected kind float relocated',
    'something else',
  ];
  expect(Object.fromEntries(texts.map((text) => [text, messageOf(text)]))).toMatchSnapshot();
  // What reports a fault has the level of a warning, or none.
  const faults = texts.filter((text) => messageOf(text, 'debug') === null);
  expect(faults.every((text) => JSON.stringify(messageOf(text, 'unknown')) === JSON.stringify(messageOf(text)))).toBe(true);
  expect(faults).toEqual(texts.slice(12));
});

test('every kind of relocation is known by its name', () => {
  expect(RELOCATION_KINDS.map((kind) => messageOf(`<${kind}> ${SPEC}`))).toEqual(
    RELOCATION_KINDS.map((kind) => ({ type: 'spec', kind, spec: SPEC })),
  );
});

test('a message names its program and number, and other text is not about a relocation', () => {
  expect([
    read("prog 'long_name': relo #123456789: no matching targets found  \n"),
    read("prog 'p': relo #1234567890: no matching targets found"),
    read("x prog 'p': relo #3: no matching targets found"),
    read("prog 'p': relo #3:   no matching targets found"),
    read("prog 'p': relo #3: poisoning insn #1 that loads map #2 'm'"),
    read("prog 'long_name': relo 10 at insn #12 can't be applied to array access"),
    read("prog 'p': relo 10 at insn #12 can't be satisfied for bitfield"),
    read("prog 'p': relo for [12] struct s captures type [13]"),
    read("prog 'p': relo 10 at insn #12 can't be satisfied for bitfield", 'debug'),
    read("x prog 'p': relo 10 at insn #12 can't be satisfied for bitfield"),
    read("prog 'p': relo 10 at insn #12 can't be satisfied for bitfield x"),
    read("prog 'p': relo for [x] struct s captures type [13]"),
    read("prog 'p': relo for [12] captures type"),
    read('something else'),
  ]).toMatchSnapshot();
});

const parse = (...lines: string[]) => parseTextLog(lines.map((line) => `libbpf: ${line}\n`).join(''));

test('messages about one relocation make one record, until its spec is printed again', () => {
  const relo = (text: string, program = 'p', index = 3) => `prog '${program}': relo #${index}: ${text}`;
  const records = (...lines: string[]) =>
    parse(...lines).relocations.map(({ program, index, spec, poisoned, noTarget, warnings, error }) =>
      [program, index, spec, poisoned.length, noTarget, warnings.length, error].join(' | '),
    );
  const number = "relo 10 at insn #12 can't be satisfied for bitfield";
  expect([
    records(relo(`<byte_off> ${SPEC}`), relo('no matching targets found'), relo('substituting insn #1 w/ invalid insn')),
    records(relo('no matching targets found'), relo('substituting insn #1 w/ invalid insn')),
    records(relo(`<byte_off> ${SPEC}`), relo('no matching targets found'), relo(`<byte_off> ${SPEC}`)),
    records(relo(`<byte_off> ${SPEC}`), relo(`<byte_off> ${SPEC}`, 'q'), relo(`<byte_off> ${SPEC}`, 'p', 4)),
    records(relo(`<byte_off> ${SPEC}`), `prog 'p': ${number}`, relo('failed to relocate: -22')),
    records(relo(`<byte_off> ${SPEC}`), `prog 'q': ${number}`, relo('failed to relocate: -22')),
    records(`prog 'p': ${number}`),
    records(relo('parsing [9] struct s + 0 failed: -22')),
    records(relo('parsing [9] struct s + 0 failed: -22'), relo('failed to relocate: -22')),
    records(relo('field offset ambiguity: 64 != 128'), relo('failed to relocate: -22')),
    records(relo('insn #12 (LDX/ST/STX) accesses field incorrectly.'), relo('substituting insn #12 w/ invalid insn')),
  ]).toEqual([
    [`p | 3 | ${SPEC} | 1 | true | 0 | `],
    ['p | 3 |  | 1 | true | 0 | '],
    [`p | 3 | ${SPEC} | 0 | false | 0 | `],
    [`p | 3 | ${SPEC} | 0 | false | 0 | `, `q | 3 | ${SPEC} | 0 | false | 0 | `, `p | 4 | ${SPEC} | 0 | false | 0 | `],
    [`p | 3 | ${SPEC} | 0 | false | 2 | ${number}`],
    [`p | 3 | ${SPEC} | 0 | false | 1 | failed to relocate: -22`],
    [],
    ['p | 3 |  | 0 | false | 1 | '],
    ['p | 3 |  | 0 | false | 2 | parsing [9] struct s + 0 failed: -22'],
    ['p | 3 |  | 0 | false | 2 | field offset ambiguity: 64 != 128'],
    ['p | 3 |  | 1 | false | 1 | '],
  ]);
});

test('a log has what libbpf says beside relocations', () => {
  const log = parse(
    "sec 'kprobe/f': found 3 CO-RE relocations",
    "sec 'kprobe/f': skipping CO-RE relocation #2 for insn #5 belonging to eliminated weak subprogram",
    '-- BEGIN BTF LOAD LOG ---\nInvalid name\n-- END BTF LOAD LOG --',
    "permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB",
    "prog 'p': BPF program load failed: -EACCES",
  );
  const { eliminated, btfLog, ended, failures, programs } = log;
  expect({ eliminated, btfLog, ended, failures, programs }).toEqual({
    eliminated: [{ section: 'kprobe/f', index: 2 }],
    btfLog: 'Invalid name',
    ended: 'program',
    failures: [{ topic: 'memlock', text: "permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB" }],
    programs: [{ program: 'p', error: { text: '-EACCES', errno: 13 }, verifierLog: null, missingTarget: null, warnings: [] }],
  });
  const hint = parse("prog 'p': failed to attach to pid:1: -EACCES", "permission error while running as root; try raising 'ulimit -l'? x");
  expect([hint.ended, hint.failures[0]]).toEqual(['attach', { topic: 'attach', text: "prog 'p': failed to attach to pid:1: -EACCES" }]);
});

test('the last refusal of a program counts, but not the words that name it again', () => {
  const errors = (...lines: string[]) => parse(...lines).programs.map(({ program, error }) => [program, error?.text]);
  expect([
    errors("prog 'p': BPF program load failed: -EACCES", "prog 'p': BPF program load failed: -EINVAL"),
    errors("prog 'p': BPF program load failed: -EACCES", "prog 'p': failed to load: -EINVAL"),
    errors('load bpf program failed: Permission denied', "failed to load program 'p'"),
  ]).toEqual([[['p', '-EINVAL']], [['p', '-EACCES']], [['p', 'Permission denied']]]);
});

test('a BPF token that cannot be made is no warning', () => {
  const warnings = (...lines: string[]) => parseTextLog(lines.map((line) => `<0>libbpf: ${line}\n`).join('')).warnings;
  const token = (name: string, error: string) => `object '${name}': failed (${error}) to create BPF token from '/sys/fs/bpf'`;
  expect(warnings(token('o', '-2'), token('long_name', '-ENOENT'), token('o', '2'), `x ${token('o', '-2')}`)).toEqual([
    `x ${token('o', '-2')}`,
  ]);
});
