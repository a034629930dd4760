// Kernel packages of the user in rpm's format.
import { pathSource } from '../local-file.ts';

export const rpm = pathSource({
  name: 'rpm',
  form: { selector: 'rpm:PATH', meaning: 'an rpm kernel package of your own' },
  guess: (text) => (text.endsWith('.rpm') ? text : null),
  load: async () => (await import('./operations.ts')).rpmOperations,
});
