// All kernels in a folder of the user.
import { pathSource } from '../local-file.ts';

export const dir = pathSource({
  name: 'dir',
  form: { selector: 'dir:PATH', meaning: 'all kernel images and packages in a folder of your own' },
  names: 'folder',
  guess: (text) => (text.endsWith('/') ? text : null),
  load: async () => (await import('./operations.ts')).dirOperations,
});
