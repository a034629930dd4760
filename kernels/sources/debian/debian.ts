// Kernels of a Debian mirror.
import type { KernelSource } from '../source.ts';
import type { DebianOrigin } from './plan.ts';
import { DEBIAN_FORMS, type DebianSelector, guessDebian, meansCached, onlyVersion, parseDebianSelector } from './selector.ts';

export const debian: KernelSource<DebianSelector, DebianOrigin> = {
  name: 'debian',
  forms: DEBIAN_FORMS,
  isPath: false,
  cacheFolders: ['debian/indexes', 'debian/suites'],
  parse: parseDebianSelector,
  guess: guessDebian,
  only: onlyVersion,
  matches: meansCached,
  load: async () => (await import('./operations.ts')).debianOperations,
};
