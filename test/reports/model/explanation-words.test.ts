// Tests of the words for the certainty of a root cause, and for the kernels that have what is missing.
import { expect, it } from 'vitest';
import { presenceAmong } from '../../../harness/results/presence-among.ts';
import { certaintyText, presenceText } from '../../../reports/model/explanation-words.ts';

it('a certain root cause names what decides it, and others say where they come from', () => {
  const words = (['core-field-missing', 'kconfig-missing', 'object-invalid', 'map-create-failed'] as const).map((failure) =>
    certaintyText({ class: failure, certainty: 'certain' }),
  );
  expect(words).toEqual([
    'certain: BTF or kernel symbols decide it',
    "certain: the kernel's configuration decides it",
    'certain: the object alone decides it',
    'certain: the object alone decides it',
  ]);
  const others = (['seen', 'possible'] as const).map((certainty) => certaintyText({ class: 'object-invalid', certainty }));
  expect(others).toEqual(['seen in a guest', 'possible: it depends on facts that BTF does not have']);
});

it('kernels that are in neither count are named, so that the counts of several causes do not contradict each other', () => {
  const text = (kernels: Parameters<typeof presenceAmong>[0]) => presenceText(presenceAmong(kernels), (id) => id);
  const others = [
    { id: '6.12', has: null },
    { id: '7.3', has: null },
  ];
  expect(text([{ id: '5.10', has: true }, { id: '6.1', has: true }, ...others])).toBe(
    'of 2 kernels, 2 kernels have it: first 5.10, last 6.1; not counted: 6.12 7.3',
  );
  expect(text([{ id: '5.10', has: false }, ...others])).toBe('none of the 1 kernel has it; not counted: 6.12 7.3');
});

it('kernels that have a field only with another type are named, and are not said to lack it', () => {
  const text = (kernels: Parameters<typeof presenceAmong>[0]) => presenceText(presenceAmong(kernels), (id) => id);
  const old = { id: 'old', has: false, otherType: true };
  expect(text([old, { id: 'new', has: false }])).toBe('none of the 2 kernels has it with this type; with another type on old');
  expect(text([old, { id: 'new', has: true }])).toBe(
    'of 2 kernels, 1 kernel has it with this type: only new; came between old and new; with another type on old',
  );
});
