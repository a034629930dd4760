import { expect, test } from 'vitest';
import { didYouMean } from '../../../harness/base/similar.ts';

test('an unknown name is followed by the most similar possible name, and by nothing if none is similar', () => {
  const keys = ['kernels', 'objects', 'defaults', 'exec', 'open', 'trace_fentry'];
  const asked = ['kernel', 'Kernels', 'ojbects', 'exce', 'fentry', 'x', '', 'kernels_and_objects'].map((name) => [
    name,
    didYouMean(name, keys),
  ]);
  expect(Object.fromEntries(asked)).toEqual({
    kernel: ' (did you mean kernels?)',
    Kernels: ' (did you mean kernels?)',
    ojbects: ' (did you mean objects?)',
    exce: ' (did you mean exec?)',
    fentry: ' (did you mean trace_fentry?)',
    x: '',
    '': '',
    kernels_and_objects: '',
  });
  expect(didYouMean('kernels', ['kernels'])).toBe('');
});
