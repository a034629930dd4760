// Tests of the words for the certainty of a root cause.
import { expect, it } from 'vitest';
import { certaintyText } from '../../../reports/model/explanation-words.ts';

it('a certain root cause names what decides it, and others say where they come from', () => {
  const words = (['core-field-missing', 'kconfig-missing', 'object-invalid', 'map-create-failed'] as const).map((failure) =>
    certaintyText({ class: failure, certainty: 'certain' }),
  );
  expect(words).toEqual([
    'certain: BTF alone decides it',
    "certain: the kernel's configuration decides it",
    'certain: the object alone decides it',
    'certain: the object alone decides it',
  ]);
  const others = (['seen', 'possible'] as const).map((certainty) => certaintyText({ class: 'object-invalid', certainty }));
  expect(others).toEqual(['seen in a guest', 'possible: it depends on facts that BTF does not have']);
});
