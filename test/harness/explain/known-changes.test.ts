// Checks known changes: the rules for witnesses, and every entry on real kernels.
import { describe, expect, it } from 'vitest';
import { knownChange } from '../../../harness/explain/known-change.ts';
import { KNOWN_CHANGES, type KnownChange } from '../../../harness/explain/known-changes.ts';
import { disagreement, examine, kernelFindings, type KernelFinding } from '../../../harness/explain/verify-known-changes.ts';
import { offlineKernels, testSelectors } from '../../kernels/pulled.ts';

const RENAMED: KnownChange = {
  id: 'renamed',
  release: '5.14',
  before: 'task_struct.state',
  after: 'task_struct.__state',
  witness: ['5.10', '6.1'],
  text: '',
};

function kernelFinding(series: string, before: boolean | null, after: boolean | null): KernelFinding {
  return { series, version: `${series}.1`, before, after };
}

describe('an entry', () => {
  it('the witnesses of a known change are the last kernel with the old form and the first with the new form', () => {
    const kernels = [
      kernelFinding('5.4', true, false),
      kernelFinding('5.10', true, false),
      kernelFinding('6.1', false, true),
      kernelFinding('6.12', false, true),
    ];
    expect(examine(RENAMED, kernels)).toEqual({ verdict: 'witnessed', last: '5.10', first: '6.1' });
    expect(disagreement(RENAMED, { verdict: 'witnessed', last: '5.10', first: '6.1' })).toBe(null);
  });

  it('a known change may be backported to older kernels, but must be in all newer kernels', () => {
    expect(examine(RENAMED, [kernelFinding('5.4', true, false), kernelFinding('5.10', false, true)])).toEqual({
      verdict: 'witnessed',
      last: '5.4',
      first: '5.10',
    });
    expect(examine(RENAMED, [kernelFinding('5.15', true, false)])).toEqual({
      verdict: 'contradicted',
      by: '5.15.1 still has the old form',
    });
    expect(examine(RENAMED, [kernelFinding('5.15', false, false)])).toEqual({
      verdict: 'contradicted',
      by: '5.15.1 lacks the new form',
    });
  });

  it('a known change has no witness if kernels show only one form or lack the type', () => {
    expect(examine(RENAMED, [kernelFinding('6.1', false, true), kernelFinding('6.12', null, null)])).toEqual({ verdict: 'unwitnessed' });
    expect(disagreement(RENAMED, { verdict: 'unwitnessed' })).toBe('no kernels show both forms, but the entry names 5.10 and 6.1');
  });

  it('a known change is found by the subject of a root cause, from the old and the new form', () => {
    const found = ['task_struct.state', 'task_struct.__state', 'hd_struct.partno', 'inode.i_ctime.tv_sec', 'attach target do_unlinkat'];
    expect(found.map((subject) => knownChange(subject)?.id)).toEqual([
      'task-state',
      'task-state',
      'request-part',
      'inode-ctime',
      'unlinkat',
    ]);
    expect(knownChange('task_struct.statement')).toBe(null);
    expect(knownChange('inode')).toBe(null);
  });
});

describe('the list of known changes', () => {
  it('the list of known changes has unique ids', () => {
    const ids = KNOWN_CHANGES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('no kernel contradicts a known change', async () => {
    const kernels = await offlineKernels(await testSelectors());
    const byChange = await kernelFindings(KNOWN_CHANGES, kernels);
    expect([...byChange.values()].map(({ length }) => length)).toEqual(KNOWN_CHANGES.map(() => kernels.length));
    const findings = KNOWN_CHANGES.map((entry) => ({ id: entry.id, finding: examine(entry, byChange.get(entry.id) ?? []) }));
    expect(findings.filter(({ finding }) => finding.verdict === 'contradicted')).toEqual([]);
  });
});
