// Tests of changes to expectations in the text of a configuration: all other text stays unchanged.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editExpectations } from '../../../../harness/plan/config/edit.ts';
import { parseConfig } from '../../../../harness/plan/config/load.ts';
import type { ExpectationChange } from '../../../../harness/plan/expectations/update-expectations.ts';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';
import { lineDiff } from '../../../../harness/base/diff.ts';

const ADDED: ExpectationChange = {
  kind: 'add',
  expectation: { object: 'a.bpf.o', program: 'p', kernels: '6.1', status: 'fail', class: 'helper-unknown', reason: 'a: "b" #c\\x1b' },
};
const CHANGES: readonly ExpectationChange[] = [
  { kind: 'kernels', at: 0, kernels: '>=6.1' },
  { kind: 'remove', at: 1 },
  { kind: 'class', at: 2, class: 'core-type-missing' },
  ADDED,
];

describe('edited expectations', () => {
  it('edited expectations leave the rest of the sample configuration unchanged', async () => {
    const text = await readFile(join(PACKAGE_ROOT, 'programs/corematrix.yaml'), 'utf8');
    expect(lineDiff(text, editExpectations(text, CHANGES), 1)).toMatchInlineSnapshot(`
      "...
            program: old_name
      -     kernels: '>=5.14'
      +     kernels: '>=6.1'
            status: fail
      ...
            reason: task_struct.state became __state in 5.14
      -   - object: task_state.bpf.o
      -     program: new_name
      -     kernels: '<5.14'
      -     status: fail
      -     class: core-field-missing
      -     reason: task_struct.__state was called state before 5.14
          - object: inode_ctime.bpf.o
      ...
            status: fail
      -     class: core-field-missing
      +     class: core-type-missing
            reason: inode.i_ctime became __i_ctime in 6.6 and was split in 6.11
      ...
            reason: nothing restarts the kernel while it is watched
      +   - object: a.bpf.o
      +     program: p
      +     kernels: '6.1'
      +     status: fail
      +     class: helper-unknown
      +     reason: 'a: "b" #c\\x1b'

      "
    `);
  });

  it('edited expectations keep comments, quotes, lists in brackets and expectations in braces', () => {
    const text = `# mine
kernels: [debian:all, "debian:6.12/rt"] # all of them
expectations:
# renamed
- { object: a.bpf.o, kernels: ">=5.14", status: fail, reason: renamed } # for good
# hook
- { object: b.bpf.o, status: fail, reason: missing }
jobs: 2
`;
    expect(editExpectations(text, [{ kind: 'kernels', at: 0, kernels: '>=6.1' }, ADDED])).toMatchInlineSnapshot(`
      "# mine
      kernels: [debian:all, "debian:6.12/rt"] # all of them
      expectations:
      # renamed
      - { object: a.bpf.o, kernels: ">=6.1", status: fail, reason: renamed } # for good
      # hook
      - { object: b.bpf.o, status: fail, reason: missing }
      - { object: a.bpf.o, program: p, kernels: "6.1", status: fail, class: helper-unknown, reason: "a: \\"b\\" #c\\\\x1b" }
      jobs: 2
      "
    `);
  });

  it('edited expectations create a missing list, and the last removal removes the list', () => {
    expect(editExpectations('jobs: 2 # two\n', [ADDED])).toMatchInlineSnapshot(`
      "jobs: 2 # two
      expectations:
        - object: a.bpf.o
          program: p
          kernels: '6.1'
          status: fail
          class: helper-unknown
          reason: 'a: "b" #c\\x1b'
      "
    `);
    const one = editExpectations('', [ADDED]);
    expect(parseConfig(one, 'c').expectations).toEqual([ADDED.kind === 'add' && ADDED.expectation]);
    expect(parseConfig(editExpectations(one, [{ kind: 'remove', at: 0 }]), 'c')).toEqual({});
    expect(editExpectations('jobs: 2\nexpectations: []\n', [])).toBe('jobs: 2\nexpectations: []\n');
  });

  it('edited expectations have the meaning of the changes', async () => {
    const text = await readFile(join(PACKAGE_ROOT, 'programs/corematrix.yaml'), 'utf8');
    const [first, , third, ...others] = parseConfig(text, 'c').expectations ?? [];
    expect(parseConfig(editExpectations(text, CHANGES), 'c').expectations).toEqual([
      { ...first, kernels: '>=6.1' },
      { ...third, class: 'core-type-missing' },
      ...others,
      ADDED.kind === 'add' && ADDED.expectation,
    ]);
  });
});
