// The catalogue of known changes: how entries are held against kernels, and that real kernels bear them out.
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
  it('is witnessed by the last kernel that has the one and the first that has the other', () => {
    const kernels = [
      kernelFinding('5.4', true, false),
      kernelFinding('5.10', true, false),
      kernelFinding('6.1', false, true),
      kernelFinding('6.12', false, true),
    ];
    expect(examine(RENAMED, kernels)).toEqual({ verdict: 'witnessed', last: '5.10', first: '6.1' });
    expect(disagreement(RENAMED, { verdict: 'witnessed', last: '5.10', first: '6.1' })).toBe(null);
  });

  it('may be true of an older kernel, as changes are backported, but not yet untrue of a newer one', () => {
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

  it('has no witness where kernels show one side only, or do not have the type at all', () => {
    expect(examine(RENAMED, [kernelFinding('6.1', false, true), kernelFinding('6.12', null, null)])).toEqual({ verdict: 'unwitnessed' });
    expect(disagreement(RENAMED, { verdict: 'unwitnessed' })).toBe('no kernels show both forms, but the entry names 5.10 and 6.1');
  });

  it('is found by what runs into it, from either side', () => {
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

describe('the catalogue', () => {
  it('names every entry once', () => {
    const ids = KNOWN_CHANGES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is not contradicted by any kernel', async () => {
    const kernels = await offlineKernels(await testSelectors());
    const said = await kernelFindings(KNOWN_CHANGES, kernels);
    expect([...said.values()].map(({ length }) => length)).toEqual(KNOWN_CHANGES.map(() => kernels.length));
    const findings = KNOWN_CHANGES.map((entry) => ({ id: entry.id, finding: examine(entry, said.get(entry.id) ?? []) }));
    expect(findings.filter(({ finding }) => finding.verdict === 'contradicted')).toEqual([]);
  });
});
