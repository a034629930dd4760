// Kernel images of the user.
import { pathSource } from '../local-file.ts';

export const file = pathSource({
  name: 'file',
  form: { selector: 'file:PATH', meaning: 'a bzImage, vmlinux or Image of your own' },
  guess: (text) => (text.includes('/') || /^(?:vmlinu[xz]|bzImage|Image)/.test(text) ? text : null),
  load: async () => (await import('./operations.ts')).fileOperations,
});
