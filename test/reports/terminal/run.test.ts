// Tests of the report that a run prints on a terminal at its end.
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Results } from '../../../harness/results/schema.ts';
import { terminalReport } from '../../../reports/terminal/run.ts';
import { manyResults } from '../../bench/many.ts';
import { HOSTILE_SAMPLE } from '../hostile.ts';
import { contradicted } from '../contradicted.ts';
import { SAMPLE } from '../sample.ts';

const plain = (results: Results, width: number) => terminalReport(results, { width, height: 60, colour: false });

describe('the report on a terminal', () => {
  it('the terminal has no counts for an empty shard, and no duration if the clock was set back', () => {
    const { finishedAt: startedAt, startedAt: finishedAt } = SAMPLE.run;
    const run = { ...SAMPLE.run, complete: true, startedAt, finishedAt, shard: { index: 3, total: 3 } };
    expect(
      plain({ ...SAMPLE, run, cells: [] }, 100)
        .trimEnd()
        .split('\n')
        .at(-1),
    ).toBe('shard 3/3: no cell in this shard (3 kernels, 2 objects, tcg, libbpf 1.7.0)');
  });

  it('the terminal shows contradicted predictions', () => {
    const text = plain(contradicted(SAMPLE), 100);
    expect(text.slice(text.indexOf('\n≠'))).toMatchInlineSnapshot(`
      "
      ≠ predicted to fail with core-field-missing, but it loads
           task_state/old_name, task_state/new_name, task_state/either_name, task_state/newer_hook, probe…
      ≠ not predicted to fail, but it fails with core-field-missing
           task_state/new_name on 5.10
      ≠ not predicted to fail, but it fails with attach-target-missing
           probes/probe on 6.12

      interrupted: 5 pass, 2 fail, 1 xfail, 1 xpass, 1 unsupported, 2 skip, 4 infra, 2 not-run (3 kernels, 2 objects, 42.5 s, tcg, libbpf 1.7.0)
      "
    `);
  });

  it('the terminal names the chosen alternatives and their kernels', () => {
    const cells = SAMPLE.cells.map((cell) =>
      cell.object === 'task_state' ? { ...cell, chosen: [cell.kernel.includes('5.10') ? 'old_name' : 'new_name', 'events'] } : cell,
    );
    const text = plain({ ...SAMPLE, cells }, 80);
    expect(text.slice(text.indexOf('\nchosen'), text.indexOf('\n\nfail'))).toBe(`
chosen alternatives
     task_state: old_name on 5.10
     task_state: events everywhere
     task_state: new_name on 6.12, 7.4-rc3`);
  });

  it('the terminal omits the least interesting rows of a large matrix, with a count', () => {
    const large = manyResults(SAMPLE, { kernels: 4, programs: 90 });
    const calm: Results = {
      ...large,
      cells: large.cells.map((cell) => ({
        ...cell,
        programs: cell.programs.map((program) => {
          const lives = { ...program, class: null, reason: null, expected: null };
          if (program.name === 'either_name_9') return { ...lives, status: 'fail' };
          return { ...lives, status: program.name === 'old_name_12' && cell.kernel === large.kernels[0]?.id ? 'skip' : 'pass' };
        }),
      })),
    };
    const text = terminalReport(calm, { width: 80, height: 30, colour: false });
    expect(text.slice(0, text.indexOf('\n\nfail'))).toMatchInlineSnapshot(`
      "
                             5.10 6.12 7.4-rc2 7.4-rc3
      task_state
        old_name               ok   ok      ok      ok
        new_name               ok   ok      ok      ok
        either_name            ok   ok      ok      ok
        newer_hook             ok   ok      ok      ok
      task_state_9
        old_name_9             ok   ok      ok      ok
        either_name_9        FAIL FAIL    FAIL    FAIL
      task_state_12
        old_name_12          skip   ok      ok      ok
      and 83 more programs in the report, nothing unexpected among them"
    `);
    expect(text.trim().split('\n').length).toBeLessThan(30);
    const wrong = terminalReport(large, { width: 80, height: 30, colour: false });
    expect(/^and \d+ more programs in .*$/m.exec(wrong)?.[0]).toMatchInlineSnapshot(
      `"and 83 more programs in the report, 83 of them unexpected"`,
    );
  });

  it('the terminal shows the matrix, unexpected results and a summary', () => {
    expect(plain(SAMPLE, 80)).toMatchInlineSnapshot(`
      "
                          5.10 6.12 7.4-rc3
      task_state
        old_name            ok   xf    !inf
        new_name          FAIL   ok    !inf
        either_name         XP   ok    !inf
        newer_hook         n/a   ok    !inf
      probes
        probe             skip FAIL       —
        hidden_on_purpose skip   ok       —

      fail core-field-missing: task_struct.__state: no such field (byte_off)
           task_state/new_name on 5.10
      fail attach-target-missing: do_unlinkat is not in this kernel
           probes/probe on 6.12
      xpass: passes, though it was expected to fail: this kernel has neither name
           task_state/either_name on 5.10
      infra infra-timeout: no word from the guest for 30 s
           task_state/old_name, task_state/new_name, task_state/either_name, task_sta…

      interrupted: 5 pass, 2 fail, 1 xfail, 1 xpass, 1 unsupported, 2 skip, 4 infra, 2 not-run (3 kernels, 2 objects, 42.5 s, tcg, libbpf 1.7.0)
      "
    `);
  });

  it('the terminal shows the same text in colour', async () => {
    const text = terminalReport(SAMPLE, { width: 80, height: 60, colour: true });
    expect(stripVTControlCharacters(text)).toBe(plain(SAMPLE, 80));
    expect(JSON.stringify(text.split('\n').slice(0, 6), null, 1)).toMatchInlineSnapshot(`
      "[
       "",
       "                    5.10 6.12 7.4-rc3",
       "\\u001b[1mtask_state\\u001b[22m",
       "  old_name            \\u001b[32mok\\u001b[39m   \\u001b[33mxf\\u001b[39m    \\u001b[35m!inf\\u001b[39m",
       "  new_name          \\u001b[31mFAIL\\u001b[39m   \\u001b[32mok\\u001b[39m    \\u001b[35m!inf\\u001b[39m",
       "  either_name         \\u001b[35mXP\\u001b[39m   \\u001b[32mok\\u001b[39m    \\u001b[35m!inf\\u001b[39m"
      ]"
    `);
  });

  it('the terminal splits a matrix that is too wide into blocks', () => {
    const kernels = SAMPLE.kernels.flatMap((kernel, part) =>
      Array.from({ length: 6 }, (_, index) => {
        const series = `6.${6 * part + index}`;
        return { ...kernel, id: `k${part}${index}`, series, version: `${series}.1` };
      }),
    );
    const text = plain({ ...SAMPLE, kernels, objects: SAMPLE.objects.slice(1) }, 60);
    const matrix = text.slice(0, text.indexOf('\nfail'));
    expect(Math.max(...matrix.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(matrix).toMatchInlineSnapshot(`
      "
                           6.0  6.1  6.2  6.3  6.4  6.5  6.6  6.7
      probes
        probe
        hidden_on_purpose

                           6.8  6.9 6.10 6.11 6.12 6.13 6.14 6.15
      probes
        probe
        hidden_on_purpose

                          6.16 6.17
      probes
        probe
        hidden_on_purpose
      "
    `);
    expect(matrix.match(/6\.\d+/g)).toEqual(kernels.map(({ series }) => series));
  });

  it.each([20, 80, 200])('the terminal escapes hostile text in %i columns', (width) => {
    const text = plain(HOSTILE_SAMPLE, width);
    expect(text).not.toMatch(/[^\P{C}\n]|[\u2028\u2029\ufffd]/u);
    expect(text).not.toMatch(/^\s*::|##\w*\[/m);
    expect(text.split('\n').filter((line) => line.startsWith('fail '))).toHaveLength(2);
  });

  it.each([
    ['no kernels', { ...SAMPLE, kernels: [], cells: [] }],
    ['no objects', { ...SAMPLE, objects: [], cells: [] }],
  ])('the report on a terminal ends with a summary line that has %s', (_, results) => {
    expect(plain(results, 80).trimEnd().split('\n').at(-1)).toMatch(/^interrupted: .*\(.*, 42\.5 s, tcg, libbpf 1\.7\.0\)$/);
  });
});
