// Tests of the difference of two texts: its lines turn one text into the other.
import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineDiff } from '../../../harness/base/diff.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `line ${at + 1}`);

describe('a difference', () => {
  it('the difference of equal texts is empty', () => {
    expect(lineDiff('a\nb\n', 'a\nb\n')).toBe('');
  });

  it('the difference of two texts shows changes and the lines around them', () => {
    const from = numbered(12);
    const changed = new Map([
      ['line 5', ['line five', 'line five and a half']],
      ['line 11', []],
    ]);
    const to = from.flatMap((line) => changed.get(line) ?? [line]);
    expect(lineDiff(`${from.join('\n')}\n`, `${to.join('\n')}\n`)).toMatchInlineSnapshot(`
      "...
        line 3
        line 4
      - line 5
      + line five
      + line five and a half
        line 6
        line 7
      ...
        line 9
        line 10
      - line 11
        line 12

      "
    `);
  });

  it('the difference of two texts turns the first into the second, and the second into the first', () => {
    const text = array(constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
    assert(
      property(text, text, (from, to) => {
        const lines = lineDiff(from, to, 1000).split('\n').slice(0, -1);
        const without = (sign: string) =>
          lines
            .filter((line) => !line.startsWith(sign))
            .map((line) => line.slice(2))
            .join('\n');
        expect(from === to ? [from, to] : [without('+'), without('-')]).toEqual([from, to]);
      }),
    );
  });

  it('the difference of two texts without a common line is found', () => {
    const from = numbered(1500).map((line) => `old ${line}`);
    expect(lineDiff(from.join('\n'), numbered(1500).join('\n')).split('\n')).toHaveLength(3001);
  });
});
