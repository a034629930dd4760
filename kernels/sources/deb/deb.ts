// Kernel packages of the user.
import type { KernelSource } from '../source.ts';
import { type PathOrigin, pathParser, type PathSelector } from '../local-file.ts';

const FORM = { selector: 'deb:PATH', meaning: 'a Debian kernel package of your own' } as const;

export const deb: KernelSource<PathSelector, PathOrigin> = {
  name: 'deb',
  forms: [FORM],
  isPath: true,
  cacheFolders: [],
  parse: pathParser(FORM.selector),
  guess: (text) => (text.endsWith('.deb') ? text : null),
  only: (value) => value,
  matches: null,
  load: async () => (await import('./operations.ts')).debOperations,
};
