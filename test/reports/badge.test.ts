// Tests of the badges: what they say for each state of a run, and that the SVG is valid with any text.
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Results } from '../../harness/results/schema.ts';
import { renderBadge, renderShields } from '../../reports/badge.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

const COMPLETE: Results = { ...SAMPLE, run: { ...SAMPLE.run, complete: true } };

/** The complete sample with one status everywhere. */
function everywhere(status: 'pass' | 'xfail' | 'infra'): Results {
  const cells = COMPLETE.cells.map((cell) => ({ ...cell, status, programs: cell.programs.map((program) => ({ ...program, status })) }));
  return { ...COMPLETE, cells };
}

const STATES: readonly (readonly [string, Results])[] = [
  ['an interrupted run', SAMPLE],
  ['a run without cells', { ...COMPLETE, cells: [] }],
  ['failures', COMPLETE],
  ['passes', everywhere('pass')],
  ['expected failures', everywhere('xfail')],
  ['no verdicts', everywhere('infra')],
];

describe('badges', () => {
  it('badge.json names the kernels if all is as expected, else the number of kernels with failures or without verdicts', () => {
    expect(Object.fromEntries(STATES.map(([state, results]) => [state, renderShields(results).trim()]))).toMatchInlineSnapshot(`
      {
        "a run without cells": "{"schemaVersion":1,"label":"kernels","message":"no complete run","color":"lightgrey"}",
        "an interrupted run": "{"schemaVersion":1,"label":"kernels","message":"no complete run","color":"lightgrey"}",
        "expected failures": "{"schemaVersion":1,"label":"kernels","message":"5.10 to 7.4-rc3","color":"green"}",
        "failures": "{"schemaVersion":1,"label":"kernels","message":"fails on 2 of 3","color":"red","isError":true}",
        "no verdicts": "{"schemaVersion":1,"label":"kernels","message":"no verdict on 3 of 3","color":"yellow"}",
        "passes": "{"schemaVersion":1,"label":"kernels","message":"5.10 to 7.4-rc3","color":"green"}",
      }
    `);
  });

  it('badge.json has only keys and types of the endpoint schema of shields.io', () => {
    for (const [, results] of STATES) {
      const { schemaVersion, label, message, color, isError = false, ...others } = JSON.parse(renderShields(results));
      expect([schemaVersion, typeof label, typeof message, typeof color, typeof isError]).toEqual([
        1,
        'string',
        'string',
        'string',
        'boolean',
      ]);
      expect(message).not.toBe('');
      expect(others).toEqual({});
    }
  });

  it.each([...STATES, ['hostile text', { ...everywhere('pass'), kernels: HOSTILE_SAMPLE.kernels }] as const])(
    'badge.svg of %s is valid XML, says the same as badge.json and loads nothing',
    async (_, results) => {
      const svg = renderBadge(results);
      const { stdout, exitCode } = await execa('xmllint', ['--xpath', 'string(//*[local-name()="title"])', '-'], {
        input: svg,
        reject: false,
      });
      const { label, message } = JSON.parse(renderShields(results));
      expect([exitCode, stdout]).toEqual([0, `${label}: ${message}`]);
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|href|url\(/);
    },
  );
});
