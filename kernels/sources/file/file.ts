// Kernel images of the user.
import type { KernelSource } from '../source.ts';
import { type PathOrigin, pathParser, type PathSelector } from '../local-file.ts';

const FORM = { selector: 'file:PATH', meaning: 'a bzImage, vmlinux or Image of your own' } as const;

export const file: KernelSource<PathSelector, PathOrigin> = {
  name: 'file',
  forms: [FORM],
  isPath: true,
  cacheFolders: [],
  parse: pathParser(FORM.selector),
  guess: (text) => (text.includes('/') || /^(?:vmlinu[xz]|bzImage|Image)/.test(text) ? text : null),
  only: (value) => value,
  matches: null,
  load: async () => (await import('./operations.ts')).fileOperations,
};
