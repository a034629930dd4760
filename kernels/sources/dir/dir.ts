// All kernels in a folder of the user.
import type { KernelSource } from '../source.ts';
import { pathParser, type PathSelector } from '../local-file.ts';
import type { FolderOrigin } from './operations.ts';

const FORM = { selector: 'dir:PATH', meaning: 'all kernel images and packages in a folder of your own' } as const;

export const dir: KernelSource<PathSelector, FolderOrigin> = {
  name: 'dir',
  forms: [FORM],
  isPath: true,
  cacheFolders: [],
  parse: pathParser(FORM.selector, 'folder'),
  guess: (text) => (text.endsWith('/') ? text : null),
  only: (value) => value,
  matches: null,
  load: async () => (await import('./operations.ts')).dirOperations,
};
