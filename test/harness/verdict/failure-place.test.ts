// Tests of the place of a failure, from a recorded verifier log: the instruction, its state and its source line.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import { readAttempt } from '../../../harness/verdict/evidence/attempt.ts';
import { failurePlace } from '../../../harness/verdict/failure-place.ts';

const RECORDED = readFileSync(new URL('../../fixtures/libbpf-logs/v1.7.0.prog_bad.log', import.meta.url), 'utf8');
const attempt = (text: string) =>
  readAttempt(
    { program: null, reached: 'load', errno: 22, openMs: 0, loadMs: 0, log: textRecords(text) },
    { programs: [], relocations: [] },
  );

const SOURCE = {
  file: 'core.bpf.c',
  line: 11,
  text: 'static __attribute__((noinline)) int sub(struct task_struct *t){ long s=0; bpf_core_read(&s,8,&t->state); return s; }',
  exact: true,
};

test('the place of a failure is in the subprogram, with the line that the kernel printed', () => {
  expect(failurePlace(attempt(RECORDED), null)).toEqual({
    program: 'sub',
    insn: 3,
    text: '<invalid CO-RE relocation>',
    state: 'R1=0 R10=fp0 fp-8=0',
    source: SOURCE,
  });
});

test('the place of a failure has the line in the object, before the line that the kernel printed', () => {
  const own = { file: 'own.c', line: 7, text: 'x', exact: false };
  const asked: [string, number][] = [];
  const found = (line: typeof own | null) =>
    failurePlace(attempt(RECORDED), (program, insn) => {
      asked.push([program, insn]);
      return line;
    })?.source;
  expect([found(own), found(null), asked]).toEqual([
    own,
    SOURCE,
    [
      ['sub', 3],
      ['sub', 3],
    ],
  ]);
});

test('the place of a failure has no source if an old kernel printed a line without file and number', () => {
  expect(failurePlace(attempt(RECORDED.replaceAll(/ @ core\.bpf\.c:\d+/g, '')), null)?.source).toBeNull();
});

test('the register state in the place of a failure is cut to 300 characters', () => {
  const stateOf = (length: number) => {
    const state = `R1=${'x'.repeat(length - 'R1='.length)}`;
    return failurePlace(attempt(RECORDED.replace('R1=0 R10=fp0 fp-8=0', state)), null)?.state ?? '';
  };
  expect([stateOf(300).length, stateOf(300).endsWith('...'), stateOf(301).length, stateOf(301).slice(-4)]).toEqual([
    300,
    false,
    300,
    'x...',
  ]);
});

test.each([
  ['no program was rejected', "libbpf: failed to open 'x'"],
  ['the rejected program has no log of the verifier', "libbpf: prog 'p': BPF program load failed: -EINVAL"],
  ['the log of the verifier names no instruction', RECORDED.replaceAll(/^\d+: .*\n/gm, '')],
])('a failure has no place if %s', (_, text) => {
  expect(failurePlace(attempt(text), null)).toBeNull();
});
