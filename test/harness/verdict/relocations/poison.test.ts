// Tests of finding the poisoned relocation that the verifier reached, with the log of a real program and changed copies of it.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { textRecords } from '../../../../harness/logs/libbpf/lines.ts';
import { readAttempt, type ReadAttempt } from '../../../../harness/verdict/evidence/attempt.ts';
import { placeOf, reachedPoison } from '../../../../harness/verdict/relocations/poison.ts';
import { relocationRecords } from '../../../../harness/verdict/relocations/records.ts';

const RECORDED = readFileSync(new URL('../../../fixtures/libbpf-logs/v1.7.0.prog_bad.log', import.meta.url), 'utf8');
const SPEC = '[9] struct task_struct.state (0:1 @ offset 8)';

function attempt(text: string, program: string | null = null, reached: ReadAttempt['reached'] = 'load'): ReadAttempt {
  return readAttempt(
    { program, reached, errno: reached === 'done' ? 0 : 22, openMs: 0, loadMs: 0, log: textRecords(text) },
    { programs: [], relocations: [] },
  );
}

/** The poisoned relocation that the verifier reached, as `program #index`; null if none fits. */
function reachedIn(text: string): string | null {
  const { log, rejected } = attempt(text);
  const facts = rejected?.verifier ? reachedPoison(log, rejected.program, rejected.verifier) : null;
  return facts && `${facts.program} #${facts.index}`;
}

describe('the place of an instruction', () => {
  const { log } = attempt(
    [
      "libbpf: prog 'p': added 4 insns from sub-prog 'first'",
      "libbpf: prog 'p': insn #1 relocated, imm 1 points to subprog 'first' (now at 3 offset)",
      "libbpf: prog 'p': added 2 insns from sub-prog 'second'",
      "libbpf: prog 'p': insn #2 relocated, imm 4 points to subprog 'second' (now at 7 offset)",
    ].join('\n'),
  );

  test('each instruction of a program belongs to the program or to exactly one subprogram after it', () => {
    const places = Array.from({ length: 10 }, (_, insn) => placeOf(log, 'p', insn)).map(({ program, insn }) => `${program} ${insn}`);
    expect(places).toEqual([
      'p 0',
      'p 1',
      'p 2',
      'first 0',
      'first 1',
      'first 2',
      'first 3',
      'second 0',
      'second 1',
      // An instruction after the last subprogram, which libbpf did not announce.
      'p 9',
    ]);
  });

  test('an instruction of a program without subprograms belongs to that program', () => {
    expect(placeOf(log, 'other', 5)).toEqual({ program: 'other', insn: 5 });
  });
});

describe('the poisoned relocation that the verifier reached', () => {
  const other = RECORDED.replaceAll('\n6: <invalid CO-RE relocation>', '\n5: <invalid CO-RE relocation>');

  test('the reached poisoned relocation is found by its instruction in the subprogram', () => {
    expect(reachedIn(RECORDED)).toBe('sub #0');
  });

  test('the reached poisoned relocation is found by its spec if no poison is at that instruction', () => {
    expect(reachedIn(other)).toBe('sub #0');
  });

  test('the reached poisoned relocation is found by the beginning of its spec if libbpf cut the spec', () => {
    expect(reachedIn(other.replace(`<byte_off> ${SPEC}\nprocessed`, `<byte_off> ${SPEC.slice(0, 30)}...\nprocessed`))).toBe('sub #0');
  });

  test.each([
    ['a cut spec that begins otherwise', '[9] struct task_struct.flags (0...'],
    ['a cut spec that is longer than the spec of the relocation', `${SPEC} and more...`],
    ['a beginning of the spec that libbpf did not cut', SPEC.slice(0, 30)],
    ['another whole spec', '[9] struct task_struct.flags (0:2 @ offset 16)'],
  ])('no poisoned relocation of the object was reached if the verifier names %s', (_, spec) => {
    expect(reachedIn(other.replace(`<byte_off> ${SPEC}\nprocessed`, `<byte_off> ${spec}\nprocessed`))).toBeNull();
  });

  test('no poisoned relocation was reached if the verifier rejected the program for another reason', () => {
    expect(
      reachedIn(RECORDED.replaceAll(/failed to resolve CO-RE.*\n/g, 'R1 !read_ok\n').replace('<invalid CO-RE relocation>', '(95) exit')),
    ).toBe(null);
  });
});

describe('a subprogram with a poisoned instruction in several programs', () => {
  const relocation = {
    index: 0,
    section: '.text',
    program: 'sub',
    insn: 3,
    kind: 'byte_off',
    spec: 'struct S.a (0:1 @ offset 8)',
    access: 'S.a',
    source: null,
  } as const;
  const object = { programs: [{ name: 'p' }, { name: 'q' }], relocations: [relocation] };
  const poisoned = (program: string) =>
    [
      "libbpf: prog 'sub': relo #0: <byte_off> [3] struct S.a (0:1 @ offset 8)",
      "libbpf: prog 'sub': relo #0: substituting insn #3 w/ invalid insn",
      `libbpf: prog '${program}': added 5 insns from sub-prog 'sub'`,
      `libbpf: prog '${program}': insn #1 relocated, imm 1 points to subprog 'sub' (now at 3 offset)`,
    ].join('\n');
  const alone = (program: string, reached: ReadAttempt['reached']) => attempt(poisoned(program), program, reached);
  const reached = (p: ReadAttempt['reached'], q: ReadAttempt['reached']) =>
    relocationRecords(object, [attempt(poisoned('p')), alone('p', p), alone('q', q)])[0]?.reached;

  test('a poisoned relocation of a subprogram is known not to be reached only if every program with it loaded', () => {
    expect({
      both: reached('done', 'done'),
      one: reached('done', 'load'),
      other: reached('load', 'done'),
      none: reached('load', 'load'),
    }).toEqual({
      both: 'no',
      one: 'unknown',
      other: 'unknown',
      none: 'unknown',
    });
  });
});
