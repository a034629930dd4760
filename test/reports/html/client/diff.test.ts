// Tests of the comparison of two logs: which parts count as noise, and the shortest difference between two lists of lines.
import { describe, expect, it } from 'vitest';
import { diffLines, withoutNoise } from '../../../../reports/html/client/diff.ts';

describe('a line without its noise', () => {
  it.each([
    ['12: (b7) r0 = 0', '(b7) r0 = 0'],
    ['12: R1=ctx() R10=fp0', 'R1=ctx() R10=fp0'],
    ['3: (85) call bpf_probe_read_kernel#113', '(85) call bpf_probe_read_kernel#113'],
    [
      'processed 13 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 1',
      'processed # insns (limit #) max_states_per_insn # total_states # peak_states # mark_read #',
    ],
    ['verification time 812 usec', 'verification time # usec'],
    ['from 4 to 12: safe', 'from # to #: safe'],
    [
      'libbpf: CO-RE relocating [11] struct task_struct: found target candidate [132] struct task_struct in [vmlinux]',
      'libbpf: CO-RE relocating [#] struct task_struct: found target candidate [#] struct task_struct in [vmlinux]',
    ],
    ["map '.bss': created successfully, fd=5", "map '.bss': created successfully, fd #"],
    ['R1 points to ffff888004a3c000', 'R1 points to #'],
    ['[    1.234567] BPF: bad', 'BPF: bad'],
    ['struct task_struct.pid (0:92 @ offset 1264)', 'struct task_struct.pid (0:92 @ offset 1264)'],
    ['', ''],
  ])('the noise of the log line %j is removed', (line, rest) => {
    expect(withoutNoise(line)).toBe(rest);
  });
});

const SIGNS = { both: ' ', left: '-', right: '+' } as const;

function diff(left: string, right: string, most = 100): string | null {
  return (
    diffLines(Array.from(left), Array.from(right), (line) => line.toLowerCase(), most)
      ?.map(({ side, text }) => SIGNS[side] + text)
      .join('') ?? null
  );
}

describe('a comparison', () => {
  it.each([
    ['', '', ''],
    ['abc', 'abc', ' a b c'],
    ['aBc', 'AbC', ' a B c'],
    ['abc', '', '-a-b-c'],
    ['', 'abc', '+a+b+c'],
    ['abc', 'adc', ' a-b+d c'],
    ['abcabba', 'cbabac', '-a-b c+b a b-b a+c'],
    ['xaz', 'xbyz', ' x-a+b+y z'],
    ['aaa', 'aa', ' a a-a'],
  ])('the difference of the logs %j and %j has the fewest lines', (left, right, lines) => {
    expect(diff(left, right)).toBe(lines);
  });

  it('a comparison of two logs stops if too much differs', () => {
    expect([diff('abcd', 'efgh', 7), diff('abcd', 'efgh', 8)]).toEqual([null, '-a-b-c-d+e+f+g+h']);
  });

  it('the difference of any two lists of lines turns the left one into the right one with the fewest lines', () => {
    let state = 7;
    const random = (below: number) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return state % below;
    };
    for (let round = 0; round < 500; round += 1) {
      const [left, right] = [0, 1].map(() => Array.from({ length: random(12) }, () => 'abc'[random(3)] ?? ''));
      if (!left || !right) throw new Error('two lists');
      const found = diffLines(left, right, (line) => line, 100) ?? [];
      expect(found.filter(({ side }) => side !== 'right').map(({ text }) => text)).toEqual(left);
      expect(found.filter(({ side }) => side !== 'left').map(({ text }) => text)).toEqual(right);
      expect(found.filter(({ side }) => side === 'both').length).toBe(longestCommon(left, right));
    }
  });
});

/** The length of the longest common subsequence, computed with the textbook's table. */
function longestCommon(left: readonly string[], right: readonly string[]): number {
  let row = right.map(() => 0);
  for (const a of left) {
    const next: number[] = [];
    for (const [index, b] of right.entries()) {
      const diagonal = row[index - 1] ?? 0;
      next.push(a === b ? diagonal + 1 : Math.max(row[index] ?? 0, next[index - 1] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
