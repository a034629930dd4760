// Tests of the kernels that a search tries, with invented histories: P loads, F fails, x has no verdict.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextProbes, type Observed, type Search, stretches } from '../../../harness/minimum-kernel/search.ts';

const WORDS: Readonly<Record<string, Observed>> = { P: 'pass', F: 'fail', x: 'none' };

/** Answers the requests of a search until it ends. Returns the tried kernels of each round, and the result. */
function searched(truth: string, expected: string): { rounds: string[]; stretches: string } {
  const search: Search & { observed: (Observed | null)[] } = {
    expected: expected.split('').map((letter) => (letter === 'F' ? 'fail' : 'pass')),
    observed: truth.split('').map(() => null),
  };
  const rounds: string[] = [];
  for (let probes = nextProbes(search); probes.length > 0; probes = nextProbes(search)) {
    rounds.push(probes.join(' '));
    for (const at of probes) search.observed[at] = WORDS[truth[at] ?? 'x'] ?? 'none';
    if (rounds.length > truth.length) throw new Error('it does not end');
  }
  return {
    rounds,
    stretches: stretches(search)
      .map(({ from, to, status }) => `${from}-${to} ${status}`)
      .join(', '),
  };
}

describe('a search', () => {
  it('a search tries only the oldest and newest kernel if no change is predicted', () => {
    expect(searched('PPPPPPPPPP', 'PPPPPPPPPP')).toEqual({ rounds: ['0 9'], stretches: '0-9 pass' });
    expect(searched('P', 'P')).toEqual({ rounds: ['0'], stretches: '0-0 pass' });
    expect(searched('', '')).toEqual({ rounds: [], stretches: '' });
  });

  it('a search tries both sides of a predicted boundary', () => {
    expect(searched('PPPPFFFFFF', 'PPPPFFFFFF')).toEqual({ rounds: ['0 3 4 9'], stretches: '0-3 pass, 4-9 fail' });
  });

  it('a search finds a predicted gap', () => {
    expect(searched('PPPFFPPPPP', 'PPPFFPPPPP')).toEqual({ rounds: ['0 2 3 4 5 9'], stretches: '0-2 pass, 3-4 fail, 5-9 pass' });
  });

  it('a search bisects for a boundary that was not predicted', () => {
    expect(searched('FFFPPPPPPPPPPPPP', 'PPPPPPPPPPPPPPPP')).toMatchInlineSnapshot(`
      {
        "rounds": [
          "0 15",
          "7 8",
          "3 4",
          "1 2",
        ],
        "stretches": "0-2 fail, 3-15 pass",
      }
    `);
  });

  it('a search trusts guests if a predicted boundary is wrong', () => {
    expect(searched('PPPPPPPFFF', 'PPPFFFFFFF')).toMatchInlineSnapshot(`
      {
        "rounds": [
          "0 2 3 9",
          "6 7",
        ],
        "stretches": "0-6 pass, 7-9 fail",
      }
    `);
  });

  it('a search uses neighbours of kernels without a verdict', () => {
    expect(searched('xPPPFFFFFx', 'PPPPFFFFFF')).toMatchInlineSnapshot(`
      {
        "rounds": [
          "0 3 4 9",
          "1 8",
        ],
        "stretches": "1-3 pass, 4-8 fail",
      }
    `);
    expect(searched('xxxx', 'PPFF')).toMatchInlineSnapshot(`
      {
        "rounds": [
          "0 1 2 3",
        ],
        "stretches": "",
      }
    `);
  });

  it('a search ends and has tried both sides of every boundary, with any prediction', () => {
    const letters = (choice: string) => fc.string({ unit: fc.constantFrom(...choice.split('')), minLength: 1, maxLength: 24 });
    fc.assert(
      fc.property(letters('PFx'), letters('PF'), (truth, guesses) => {
        const expected = guesses.padEnd(truth.length, 'P').slice(0, truth.length);
        const { stretches: found } = searched(truth, expected);
        for (const stretch of found === '' ? [] : found.split(', ')) {
          const [, from = '', to = '', status] = /^(\d+)-(\d+) (\w+)$/.exec(stretch) ?? [];
          for (const at of [from, to]) expect(WORDS[truth[Number(at)] ?? '']).toBe(status);
        }
      }),
    );
  });
});
