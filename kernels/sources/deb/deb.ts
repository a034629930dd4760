// Kernel packages of the user.
import { pathSource } from '../local-file.ts';

export const deb = pathSource({
  name: 'deb',
  form: { selector: 'deb:PATH', meaning: 'a Debian kernel package of your own' },
  guess: (text) => (text.endsWith('.deb') ? text : null),
  load: async () => (await import('./operations.ts')).debOperations,
});
