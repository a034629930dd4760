// Selectors of the user's own files, for all sources of such files.
import { UserError } from '../../harness/base/errors.ts';
import { checkUserFile } from '../../harness/base/user-file.ts';
import type { KernelSource, SelectorForm } from './source.ts';

/** More than a vmlinux with all debug information has. */
const MAX_BYTES = 4 * 2 ** 30;

export interface PathSelector {
  text: string;
  path: string;
}

/** A path as the origin of a kernel. */
export interface PathOrigin {
  path: string;
}

/** What tells one source of the user's own files from another. */
interface PathSourceFacts<Origin> extends Pick<KernelSource<PathSelector, Origin>, 'name' | 'guess' | 'load'> {
  form: SelectorForm;
  /** What the path names. @default file */
  names?: 'file' | 'folder';
}

/** A source whose selectors have a path as their value. */
export function pathSource<Origin>({
  name,
  form,
  guess,
  load,
  names = 'file',
}: PathSourceFacts<Origin>): KernelSource<PathSelector, Origin> {
  return {
    name,
    forms: [form],
    isPath: true,
    cacheFolders: [],
    parse: (path, text) => {
      if (path === '') throw new UserError(`kernel selector '${text}' names no ${names}; expected ${form.selector}`);
      return { text, path };
    },
    guess,
    only: (value) => value,
    matches: null,
    load,
  };
}

/** @throws UserError if a selector does not name a regular file that can be read */
export async function checkFile({ text, path }: PathSelector): Promise<void> {
  await checkUserFile(path, { kind: 'a kernel image or package', maxBytes: MAX_BYTES, shown: text });
}
