// Compares two runs: every possible change of a verdict or a relocation.
import { describe, expect, it } from 'vitest';
import { chooseSince, type Since } from '../../../harness/plan/choice/since.ts';
import { compareResults, matchKernels } from '../../../harness/results/compare.ts';
import type { CellRelocation, Results } from '../../../harness/results/schema.ts';
import { type Status, STATUSES } from '../../../harness/base/vocabulary.ts';
import { changeCounts, changeGroups } from '../../../reports/model/change-groups.ts';
import { renderMarkdown } from '../../../reports/markdown.ts';
import { terminalReport } from '../../../reports/terminal/run.ts';
import { HOSTILE_SAMPLE } from '../../reports/hostile.ts';
import { SAMPLE } from '../../reports/sample.ts';

function first<Item>(items: readonly Item[] | undefined): Item {
  const [item] = items ?? [];
  if (item === undefined) throw new Error('the sample is empty');
  return item;
}

const CELL = first(SAMPLE.cells);
const KERNEL = first(SAMPLE.kernels);
const OBJECT = first(SAMPLE.objects);
const PROGRAM = first(CELL.programs);

/** A run of one cell with these programs; null for a missing program. */
function runOf(statuses: Readonly<Record<string, Status | null>>, changes: Partial<Results['cells'][number]> = {}): Results {
  const programs = Object.entries(statuses).flatMap(([name, status]) => (status === null ? [] : [{ ...PROGRAM, name, status }]));
  const status = programs.some((program) => program.status === 'fail') ? ('fail' as const) : ('pass' as const);
  return { ...SAMPLE, kernels: [KERNEL], objects: [OBJECT], cells: [{ ...CELL, status, programs, relocations: [], ...changes }] };
}

const changes = (before: Results, after: Results) =>
  compareResults(before, after).programs.map(({ change, program, kernel }) => `${change} ${program} on ${kernel}`);

describe('a verdict', () => {
  it('each pair of statuses of a verdict is one kind of change', () => {
    const all: (Status | null)[] = [...STATUSES, null];
    const table = all.map((before) => {
      const cells = all.map((after) => {
        const found = compareResults(runOf({ p: before, q: 'pass' }), runOf({ p: after, q: 'pass' })).programs;
        return found.find(({ program }) => program === 'p')?.change ?? '-';
      });
      return `${before}: ${cells.join(' ')}`;
    });
    expect([`        ${all.join(' ')}`, ...table].join('\n')).toMatchInlineSnapshot(`
      "        pass fail xfail xpass unsupported skip infra not-run 
      pass: - regression - regression - - no-verdict no-verdict disappeared
      fail: fixed still-failing fixed still-failing fixed - no-verdict no-verdict disappeared
      xfail: - regression - regression - - no-verdict no-verdict disappeared
      xpass: fixed still-failing fixed still-failing fixed - no-verdict no-verdict disappeared
      unsupported: - regression - regression - - no-verdict no-verdict disappeared
      skip: new-pass new-failure new-pass new-failure new-pass - - - disappeared
      infra: new-pass new-failure new-pass new-failure new-pass - - - disappeared
      not-run: new-pass new-failure new-pass new-failure new-pass - - - disappeared
      null: new-pass new-failure new-pass new-failure new-pass - appeared appeared -"
    `);
  });

  it('the verdict of the whole object can change while the verdicts of its programs do not', () => {
    const good = runOf({ p: 'pass' });
    const bad = runOf({ p: 'pass' }, { status: 'fail', reason: 'too many maps' });
    expect([changes(good, bad), changes(bad, bad), changes(bad, good), changes(good, good)]).toEqual([
      ['regression null on debian-5.10.262-amd64'],
      ['still-failing null on debian-5.10.262-amd64'],
      ['fixed null on debian-5.10.262-amd64'],
      [],
    ]);
  });

  it('a verdict that a shard or filter skipped is not compared', () => {
    const shard = { ...SAMPLE, cells: SAMPLE.cells.slice(2, 3), run: { ...SAMPLE.run, shard: { index: 1, total: 2 } } };
    expect(changes(SAMPLE, shard)).toEqual([]);
    expect(changes(SAMPLE, { ...SAMPLE, cells: SAMPLE.cells.slice(2, 3) }).every((change) => change.startsWith('disappeared'))).toBe(true);
  });
});

describe('a kernel', () => {
  const kernel = (id: string, series: string) => ({ ...KERNEL, id, series });

  it('a kernel matches the baseline by its id, or as the only one of its family', () => {
    const before = [
      kernel('debian-6.12.9-cloud-amd64', '6.12'),
      kernel('debian-6.12.9-rt-amd64', '6.12'),
      kernel('debian-6.1.4-amd64', '6.1'),
    ];
    const after = [
      kernel('debian-6.12.10-cloud-amd64', '6.12'),
      kernel('debian-6.12.9-rt-amd64', '6.12'),
      kernel('debian-6.1.5-amd64', '6.1'),
      kernel('debian-6.1.6-amd64', '6.1'),
      kernel('debian-7.0.1-amd64', '7.0'),
    ];
    expect([...matchKernels(before, after)]).toEqual([
      ['debian-6.12.9-rt-amd64', 'debian-6.12.9-rt-amd64'],
      ['debian-6.12.10-cloud-amd64', 'debian-6.12.9-cloud-amd64'],
    ]);
  });
});

describe('a relocation', () => {
  const withRelocation = (relocation: Partial<CellRelocation>, ref = 0): Results => {
    return runOf({ p: 'pass' }, { relocations: [{ ...first(CELL.relocations), ...relocation, ref }] });
  };
  const change = (before: Partial<CellRelocation>, after: Partial<CellRelocation>, ref = 0) => {
    const [found] = compareResults(withRelocation(before, ref), withRelocation(after, ref)).relocations;
    return found ? `${found.change}: ${found.before} → ${found.after}` : 'none';
  };

  it('a relocation that moves, changes its outcome, is lost or is found is a change', () => {
    const there = { outcome: 'moved', target: '24' } as const;
    expect([
      change(there, there),
      change(there, { outcome: 'moved', target: '32' }),
      change({ outcome: 'resolved', target: '24' }, there),
      change(there, { outcome: 'poisoned', target: null }),
      change({ outcome: 'ambiguous', target: null }, there),
      change(there, { outcome: 'absent-guarded', target: '0' }),
      change(there, { outcome: 'not-reached', target: null }),
      change({ outcome: 'poisoned', target: null }, { outcome: 'incompatible', target: null }),
      change({ outcome: 'resolved', target: '1' }, { outcome: 'moved', target: '0' }, 2),
      change({ outcome: 'resolved', target: '7' }, { outcome: 'moved', target: '9' }, 6),
    ]).toMatchInlineSnapshot(`
      [
        "none",
        "value-moved: 24 → 32",
        "none",
        "lost: 24 → poisoned",
        "found: ambiguous → 24",
        "guard-flipped: 24 → absent-guarded",
        "none",
        "none",
        "guard-flipped: 1 → 0",
        "none",
      ]
    `);
  });
});

describe('changes in reports', () => {
  const statusBefore = ['pass', undefined, 'fail'] as const;
  const before: Results = {
    ...SAMPLE,
    run: { ...SAMPLE.run, finishedAt: '2026-05-03T03:10:42.500Z' },
    cells: SAMPLE.cells.map((cell, at) => ({
      ...cell,
      programs: cell.programs.map((program) => ({
        ...program,
        status: (program.name === 'new_name' ? statusBefore[at] : undefined) ?? program.status,
      })),
      relocations: cell.relocations.map((one, ref) => (ref === 1 ? { ...one, outcome: 'moved' as const, target: '16' } : one)),
    })),
  };
  const comparison = compareResults(before, SAMPLE);

  it('reports show changes first, the most serious before the rest', () => {
    const counts = '1 regression, 2 still failing, 1 fixed, 2 relocations changed';
    expect(changeCounts(comparison)).toBe(counts);
    expect(changeCounts({ ...comparison, gate: 'failures' })).toBe(counts);
    expect(changeCounts({ ...comparison, gate: 'regressions' })).toBe(
      `${counts}; gate regressions: 1 regression; not counted: 2 known failures`,
    );
    const known = { ...comparison, relocations: [], programs: comparison.programs.filter(({ change }) => change === 'still-failing') };
    expect(changeCounts({ ...known, gate: 'regressions+new' })).toBe(
      '2 still failing; gate regressions+new: 0 regressions and 0 new failures; not counted: 2 known failures',
    );
    expect(
      changeCounts(
        compareResults(SAMPLE, { ...SAMPLE, cells: SAMPLE.cells.slice(2, 3), run: { ...SAMPLE.run, shard: { index: 1, total: 1 } } }),
      ),
    ).toBe('nothing changed');
    expect(terminalReport(SAMPLE, { width: 90, height: 60, colour: false, comparison }).split('\n\n')[0]).toMatchInlineSnapshot(`
      "
      since 2026-05-03 03:10 UTC: 1 regression, 2 still failing, 1 fixed, 2 relocations changed
      regression: task_struct.__state: no such field (byte_off)
           task_state/new_name on 5.10
      still failing: passes, though it was expected to fail: this kernel has neither name
           task_state/either_name on 5.10
      still failing: do_unlinkat is not in this kernel
           probes/probe on 6.12
      fixed
           task_state/new_name on 6.12
      value moved: task_struct.field_1 (byte_sz): 16 → 18446744073709551615
           task_state/new_name on 5.10
      value moved: task_struct.field_1 (byte_sz): 16 → 8
           task_state/new_name on 6.12"
    `);
    expect(renderMarkdown(SAMPLE, { comparison }).split('## Unexpected')[0]).toMatchInlineSnapshot(`
      "# corematrix

      5 pass, 2 fail, 1 xfail, 1 xpass, 1 unsupported, 2 skip, 4 infra, 2 not-run (3 kernels × 2 objects; libbpf 1.7.0, QEMU 9.2.0, tcg). **The run was interrupted; this report has the finished cells.**

      ## Since 2026-05-03 03:10 UTC

      1 regression, 2 still failing, 1 fixed, 2 relocations changed.

      - **regression**: \`task_struct.__state: no such field (byte_off)\`
        - \`task_state/new_name\` on 5.10
      - **still failing**: \`passes, though it was expected to fail: this kernel has neither name\`
        - \`task_state/either_name\` on 5.10
      - **still failing**: \`do_unlinkat is not in this kernel\`
        - \`probes/probe\` on 6.12
      - **fixed**
        - \`task_state/new_name\` on 6.12
      - **value moved**: \`task_struct.field_1 (byte_sz): 16 → 18446744073709551615\`
        - \`task_state/new_name\` on 5.10
      - **value moved**: \`task_struct.field_1 (byte_sz): 16 → 8\`
        - \`task_state/new_name\` on 6.12

      "
    `);
  });

  it('hostile text in changes stays text', () => {
    const hostile = compareResults(
      { ...before, kernels: HOSTILE_SAMPLE.kernels, objects: HOSTILE_SAMPLE.objects, cells: [] },
      HOSTILE_SAMPLE,
    );
    expect(changeGroups(hostile).length).toBeGreaterThan(0);
    expect(terminalReport(HOSTILE_SAMPLE, { width: 90, height: 60, colour: false, comparison: hostile })).not.toMatch(/[^\P{C}\n]|^::/mu);
    // Within code spans, HTML is text.
    const summary = renderMarkdown(HOSTILE_SAMPLE, { comparison: hostile }).replaceAll(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g, '');
    expect(summary).not.toMatch(/[^\P{C}\n]|<script|\n::/u);
  });
});

describe('cells to run again', () => {
  const chosen = (mode: Since, objects = SAMPLE.objects, kernels = SAMPLE.kernels) => {
    const choiceOf = chooseSince(mode, SAMPLE)(kernels, objects);
    return kernels.flatMap(({ id, series }) =>
      objects.map((object) => {
        const choice = choiceOf(id, object.id);
        return `${object.id} on ${series}: ${typeof choice === 'string' ? choice : choice.skip}`;
      }),
    );
  };

  it('--last-failed selects cells that failed or had no verdict', () => {
    expect(chosen('last-failed')).toMatchInlineSnapshot(`
      [
        "task_state on 5.10: run",
        "probes on 5.10: skip in the earlier run",
        "task_state on 6.12: xfail in the earlier run",
        "probes on 6.12: run",
        "task_state on 7.4: run",
        "probes on 7.4: run",
      ]
    `);
  });

  it('--only-changed selects cells of a changed object or kernel', () => {
    const objects = SAMPLE.objects.map((object) => (object.id === 'probes' ? { ...object, sha256: '0'.repeat(64) } : object));
    const kernels = SAMPLE.kernels.map((kernel) => (kernel.series === '6.12' ? { ...kernel, id: 'debian-6.12.118-amd64' } : kernel));
    expect(chosen('only-changed', objects, kernels)).toMatchInlineSnapshot(`
      [
        "task_state on 5.10: unchanged since the earlier run, where it was fail",
        "probes on 5.10: run",
        "task_state on 6.12: run",
        "probes on 6.12: run",
        "task_state on 7.4: run",
        "probes on 7.4: run",
      ]
    `);
  });
});
