// Tests of single lines of a verifier log: what each is, and which part of it is code, state, or the reason.
import { describe, expect, test } from 'vitest';
import { readVerifierLine, type VerifierLine } from '../../../../harness/logs/verifier/lines.ts';

const instruction = (insn: number, text: string, more: { rest?: string; state?: string } = {}): VerifierLine => ({
  type: 'instruction',
  insn,
  text,
  rest: '',
  state: '',
  ...more,
});
const state = (text: string): VerifierLine => ({ type: 'state', text });
const message = (text: string): VerifierLine => ({ type: 'message', text });
const stats = (text: string): VerifierLine => ({ type: 'stats', text });
const NOISE = { type: 'noise' } as const;

describe('instructions of a verifier log', () => {
  test.each([
    ['7: (95) exit', instruction(7, '(95) exit')],
    ['  7: (bf) r1 = r2', instruction(7, '(bf) r1 = r2')],
    ['12: (05) goto pc+1   ', instruction(12, '(05) goto pc+1')],
    ['7: (95) exit\nR0 !read_ok', message('7: (95) exit\nR0 !read_ok')],
    ['x7: (95) exit', message('x7: (95) exit')],
    ['6: <invalid CO-RE relocation>', instruction(6, '<invalid CO-RE relocation>')],
    ['at 6: <invalid CO-RE relocation>', message('at 6: <invalid CO-RE relocation>')],
    ['6: <invalid CO-RE relocation> x', message('6: <invalid CO-RE relocation> x')],
  ])('a line of a verifier log is read as an instruction only if all of it is one: %j', (line, expected) => {
    expect(readVerifierLine(line)).toEqual(expected);
  });

  test.each([
    ['1: (79) r1 = *(u64 *)(r1 +0)  ; R1_w=scalar()', '(79) r1 = *(u64 *)(r1 +0)', 'R1_w=scalar()'],
    ['1: (bf) r6 = r1 ;', '(bf) r6 = r1', ''],
    ['1: (bf) r6 = r1 ; frame1: R6_w=ctx()', '(bf) r6 = r1', 'R6_w=ctx()'],
    ['1: (15) if r0 == 0x0 goto pc+2 12: R0=1 ; R1=2', '(15) if r0 == 0x0 goto pc+2', 'R0=1 ; R1=2'],
    ['1: (15) if r0 == 0x0 goto pc+2 345: frame12: R10=fp0', '(15) if r0 == 0x0 goto pc+2', 'R10=fp0'],
    ['1: (18) r1 = 0x1;2', '(18) r1 = 0x1;2', ''],
    ['1: (18) ;', '(18) ', ''],
    ['1: (18) ; R1=1', '(18) ', 'R1=1'],
    ['1: (bf) r6 = r1 ; 12:R6=1', '(bf) r6 = r1', 'R6=1'],
  ])('the state behind an instruction of a verifier log is its own part: %j', (line, text, behind) => {
    expect(readVerifierLine(line)).toEqual(instruction(1, text, { state: behind }));
  });

  test('the message behind a jump of a verifier log is its own part', () => {
    expect(readVerifierLine('3: (05) goto pc-1 infinite loop detected at insn 3')).toEqual(
      instruction(3, '(05) goto pc-1', { rest: 'infinite loop detected at insn 3' }),
    );
    expect(readVerifierLine('3: (05) goto pc-4back-edge from insn 3 to 0').type).toBe('instruction');
  });
});

describe('source lines of a verifier log', () => {
  test.each([
    [';  long x = 1; @ prog.bpf.c:12', 'long x = 1;', 'prog.bpf.c', 12],
    ['; a @ b.c:1 @ /src/my file.c:345 ', 'a @ b.c:1 @ /src/my file.c:345', null, null],
    ['; a @ b.c:1 @ /src/my file.c:345', 'a @ b.c:1', '/src/my file.c', 345],
    ['; a @ b.c:12x', 'a @ b.c:12x', null, null],
    ['; a @ b\rc.c:12', 'a @ b\rc.c:12', null, null],
    [';   a  ', 'a', null, null],
    ['; :12', ':12', null, null],
    ['; x.c:12', 'x.c:12', null, null],
    [';  @ prog.bpf.c:12', '', 'prog.bpf.c', 12],
  ])('the place of a source line of a verifier log is behind the last @: %j', (line, text, file, number) => {
    expect(readVerifierLine(line)).toEqual({ type: 'source', text, file, line: number });
  });
});

describe('states of a verifier log', () => {
  test.each([
    [' R1_w=inv(id=0) R10=fp0', 'R1_w=inv(id=0) R10=fp0'],
    ['R10=fp0 ', 'R10=fp0'],
    ['R10_rwD=1', 'R10_rwD=1'],
    ['fp-16=0', 'fp-16=0'],
    ['fp-16_rw=0', 'fp-16_rw=0'],
    ['12: R0=1', 'R0=1'],
    ['345: frame12:R0=1 12: R1=2', 'R0=1 12: R1=2'],
    ['345: frame12: R0=1', 'R0=1'],
    ['frame1: R0=1', 'R0=1'],
  ])('a state of a verifier log has no number and frame before it: %j', (line, text) => {
    expect(readVerifierLine(line)).toEqual(state(text));
  });

  test.each([['R1 = 2'], ['x R1=2'], ['R1 type=inv expected=fp']])(
    'other text with a register is no state of a verifier log: %j',
    (line) => {
      expect(readVerifierLine(line)).toEqual(message(line));
    },
  );
});

describe('other lines of a verifier log', () => {
  test.each([
    ['processed 99 insns (limit 1000000)'],
    ['verification time 1234 usec'],
    ['stack depth 64+16'],
    ['stack depth max 64'],
    ['mark_read 12'],
    ['max_states_per_insn 4'],
  ])('%j are statistics of a verifier log', (line) => {
    expect(readVerifierLine(line)).toEqual(stats(line));
    expect(readVerifierLine(`x ${line}`)).toEqual(message(`x ${line}`));
  });

  test.each([['stack depth 64 is too large'], ['mark_read failed']])('%j is no statistic of a verifier log', (line) => {
    expect(readVerifierLine(line)).toEqual(message(line));
  });

  test.each([[''], ['  '], ['12:'], ['12: safe'], ['from 12 to 14: R0=1'], ['caller:'], ['func#0 @0']])(
    '%j is progress in a verifier log',
    (line) => {
      expect(readVerifierLine(line)).toEqual(NOISE);
    },
  );

  test('a message of a verifier log has no spaces around it', () => {
    expect(readVerifierLine('  unreachable insn 9 ')).toEqual(message('unreachable insn 9'));
  });
});
