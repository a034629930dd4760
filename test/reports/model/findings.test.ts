// Tests of the findings that annotations and code scanning show: one for each root cause and program, at the C line if it is known.
import { describe, expect, it } from 'vitest';
import type { CellRelocation, Results } from '../../../harness/results/schema.ts';
import { findings, pathBelow } from '../../../reports/model/findings.ts';
import { SAMPLE } from '../sample.ts';

const shown = (results: Results) =>
  findings(results).map(
    ({ status, class: failure, object, program, access, source, kernels, count }) =>
      `${status} ${failure} ${object?.id}/${program} ${access} at ${source?.file}:${source?.line} on ${kernels.join(' ')} (${count})`,
  );

describe('findings', () => {
  it('findings cover every program with an unexpected result, the most serious first', () => {
    expect(shown(SAMPLE)).toMatchInlineSnapshot(`
      [
        "fail core-field-missing task_state/new_name task_struct.field_3 at programs/task_state.bpf.c:23 on debian-5.10.262-amd64 (1)",
        "fail attach-target-missing probes/probe null at undefined:undefined on debian-6.12.117-amd64 (1)",
        "xpass null task_state/either_name null at undefined:undefined on debian-5.10.262-amd64 (1)",
        "infra infra-timeout undefined/null null at undefined:undefined on file-vmlinux-7.4 (4)",
      ]
    `);
  });

  it('one cause on several kernels is one finding', () => {
    const [cell] = SAMPLE.cells;
    if (!cell) throw new Error('the sample is empty');
    const cells = SAMPLE.kernels.map(({ id }) => ({ ...cell, kernel: id }));
    expect(shown({ ...SAMPLE, cells })).toMatchInlineSnapshot(`
      [
        "fail core-field-missing task_state/new_name task_struct.field_3 at programs/task_state.bpf.c:23 on debian-5.10.262-amd64 debian-6.12.117-amd64 file-vmlinux-7.4 (3)",
        "xpass null task_state/either_name null at undefined:undefined on debian-5.10.262-amd64 debian-6.12.117-amd64 file-vmlinux-7.4 (3)",
      ]
    `);
  });

  it('a finding points to a reached relocation, first of the program, then of a subprogram, and never to a guarded one', () => {
    const [cell] = SAMPLE.cells;
    if (!cell) throw new Error('the sample is empty');
    const at = (changes: Partial<CellRelocation>[]) => {
      const relocations = cell.relocations.map((relocation, ref): CellRelocation => ({
        ...relocation,
        outcome: 'resolved',
        ...changes[ref],
      }));
      return findings({ ...SAMPLE, cells: [{ ...cell, relocations }] })[0]?.access ?? null;
    };
    expect([
      at([
        { outcome: 'poisoned', reached: 'yes' },
        { outcome: 'poisoned', reached: 'unknown' },
      ]),
      at([
        { outcome: 'poisoned', reached: 'yes' },
        { outcome: 'poisoned', reached: 'no' },
      ]),
      at([{ outcome: 'poisoned', reached: 'no' }, { outcome: 'absent-guarded' }]),
      at([]),
    ]).toEqual(['task_struct.field_1', 'task_struct.field_0', null, null]);
  });
});

it.each([
  ['', 'programs/a.bpf.c', 'programs/a.bpf.c'],
  ['/repo', '/repo/programs/a.bpf.c', 'programs/a.bpf.c'],
  ['/repo/', '/repo/./a.bpf.c', 'a.bpf.c'],
  ['/repo', '/repository/a.bpf.c', null],
  ['/repo', '../a.bpf.c', null],
  ['', '/etc/passwd', null],
  ['', '', null],
  ['/repo', '/repo/../a.c', null],
])('in the repository %j, the source file %j has the path %j', (root, file, expected) => {
  expect(pathBelow(root, file)).toBe(expected);
});
