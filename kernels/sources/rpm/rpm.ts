// Kernel packages of the user in rpm's format.
import type { KernelSource } from '../source.ts';
import { type PathOrigin, pathParser, type PathSelector } from '../local-file.ts';

const FORM = { selector: 'rpm:PATH', meaning: 'an rpm kernel package of your own' } as const;

export const rpm: KernelSource<PathSelector, PathOrigin> = {
  name: 'rpm',
  forms: [FORM],
  isPath: true,
  cacheFolders: [],
  parse: pathParser(FORM.selector),
  guess: (text) => (text.endsWith('.rpm') ? text : null),
  only: (value) => value,
  matches: null,
  load: async () => (await import('./operations.ts')).rpmOperations,
};
