// Tests of the counts, rows and causes that all reports share.
import { describe, expect, it } from 'vitest';
import { causes, countStatuses, incompleteness, matrixRows } from '../../../reports/model/summary.ts';
import { surprise } from '../../../harness/results/unexpected.ts';
import { plural } from '../../../harness/base/text.ts';
import { HOSTILE_SAMPLE } from '../hostile.ts';
import { SAMPLE } from '../sample.ts';

const rowsOf = (results: typeof SAMPLE) =>
  matrixRows(results).map(({ object, program, cells }) =>
    [`${object}/${program}`, ...cells.map((entry) => entry?.program.status ?? '')].join(' | '),
  );

describe('the rows of a matrix', () => {
  it('the matrix has a row for each program with a place for each kernel', () => {
    expect(rowsOf(SAMPLE)).toMatchInlineSnapshot(`
      [
        "task_state/old_name | pass | xfail | infra",
        "task_state/new_name | fail | pass | infra",
        "task_state/either_name | xpass | pass | infra",
        "task_state/newer_hook | unsupported | pass | infra",
        "probes/probe | skip | fail | not-run",
        "probes/hidden_on_purpose | skip | pass | not-run",
      ]
    `);
  });

  it('the matrix has an empty place for a missing cell or program', () => {
    const cells = SAMPLE.cells.slice(1, 3).map((cell) => ({ ...cell, programs: cell.programs.slice(1) }));
    expect(rowsOf({ ...SAMPLE, cells })).toMatchInlineSnapshot(`
      [
        "task_state/old_name |  |  | ",
        "task_state/new_name |  | pass | ",
        "task_state/either_name |  | pass | ",
        "task_state/newer_hook |  | pass | ",
        "probes/probe |  |  | ",
        "probes/hidden_on_purpose | skip |  | ",
      ]
    `);
  });

  it('the matrix distinguishes objects and programs whose joined names are equal', () => {
    const [kernel] = SAMPLE.kernels;
    const [object] = SAMPLE.objects;
    const [cell] = SAMPLE.cells;
    if (!kernel || !object || !cell) throw new Error('the sample is empty');
    const results = {
      ...SAMPLE,
      kernels: ['a', 'a\nb'].map((id) => ({ ...kernel, id })),
      objects: ['b\nc', 'c'].map((id) => ({ ...object, id, programs: object.programs.slice(0, 1) })),
      cells: [{ ...cell, kernel: 'a', object: 'b\nc' }],
    };
    expect(rowsOf(results)).toEqual(['b\nc/old_name | pass | ', 'c/old_name |  | ']);
  });

  it('the matrix has rows for hostile names', () => {
    expect(matrixRows(HOSTILE_SAMPLE).flatMap(({ cells }) => cells.map((entry) => entry?.program.status))).toEqual(
      matrixRows(SAMPLE).flatMap(({ cells }) => cells.map((entry) => entry?.program.status)),
    );
  });
});

it('programs are counted by status in the order of the statuses', () => {
  expect([...countStatuses(SAMPLE)].map(([status, count]) => `${count} ${status}`).join(', ')).toMatchInlineSnapshot(
    `"5 pass, 2 fail, 1 xfail, 1 xpass, 1 unsupported, 2 skip, 4 infra, 2 not-run"`,
  );
});

describe('causes', () => {
  const shown = (found: ReturnType<typeof causes>) =>
    found.map((cause) => `${cause.where.length} × ${cause.status} ${cause.class}: ${cause.reason}`);

  it('causes cover all unexpected results, verdicts before infrastructure failures', () => {
    expect(shown(causes(SAMPLE))).toMatchInlineSnapshot(`
      [
        "1 × fail core-field-missing: task_struct.__state: no such field (byte_off)",
        "1 × fail attach-target-missing: do_unlinkat is not in this kernel",
        "1 × xpass null: passes, though it was expected to fail: this kernel has neither name",
        "4 × infra infra-timeout: no word from the guest for 30 s",
      ]
    `);
  });

  it('causes can be selected by status', () => {
    expect(shown(causes(SAMPLE, ['xfail']))).toMatchInlineSnapshot(`
      [
        "1 × xfail core-field-missing: task_struct.__state: no such field (byte_off)",
      ]
    `);
  });

  it('equal status, class and reason are one cause, and the most frequent comes first', () => {
    const broken = SAMPLE.cells.map((cell) => ({ ...cell, object: `${cell.object}_again` }));
    const [first, second] = causes({ ...SAMPLE, cells: [...SAMPLE.cells.slice(3), ...broken] });
    expect([first?.class, first?.where.map(({ object }) => object), second?.class]).toEqual([
      'attach-target-missing',
      ['probes', 'probes_again'],
      'core-field-missing',
    ]);
  });

  it('equal fingerprints are one cause, whichever program and line the reason names', () => {
    const [cell] = SAMPLE.cells;
    const [program] = cell?.programs ?? [];
    if (!cell || !program) throw new Error('the sample is empty');
    const failing = (name: string, line: number, fingerprint: string) => {
      const reason = `task_struct.state: no such field (byte_off, a.bpf.c:${line})`;
      return { ...program, name, status: 'fail' as const, class: 'core-field-missing' as const, reason, fingerprint };
    };
    const programs = [failing('one', 1, '0baa2a1e7902'), failing('two', 2, '0baa2a1e7902'), failing('three', 1, '000000000000')];
    const found = causes({ ...SAMPLE, cells: [{ ...cell, programs }] });
    expect(found.map(({ fingerprint, reason, where }) => [fingerprint, reason, ...where.map((each) => each.program)])).toEqual([
      ['0baa2a1e7902', 'task_struct.state: no such field (byte_off, a.bpf.c:1)', 'one', 'two'],
      ['000000000000', 'task_struct.state: no such field (byte_off, a.bpf.c:1)', 'three'],
    ]);
  });

  it('an unexpected pass without a reason is a cause', () => {
    const [program] = SAMPLE.cells.flatMap((cell) => cell.programs);
    expect(program && surprise(program)).toBe('passes, though it was expected to fail');
  });
});

it.each([
  [0, '0 kernels'],
  [1, '1 kernel'],
  [2, '2 kernels'],
])('the number %i with its noun is %j', (count, text) => {
  expect(plural(count, 'kernel')).toBe(text);
});

it('incomplete results are marked with their shard or interrupt', () => {
  const of = (complete: boolean, shard?: { index: number; total: number }) => {
    const { shard: _, ...run } = SAMPLE.run;
    return incompleteness({ ...SAMPLE, run: { ...run, complete, ...(shard && { shard }) } });
  };
  const shard = { index: 2, total: 3 };
  expect([of(true), of(false), of(true, shard), of(false, shard)]).toEqual([null, 'interrupted', 'shard 2/3', 'shard 2/3, interrupted']);
});
