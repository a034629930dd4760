// Selectors of the user's own files, for all sources of such files.
import { UserError } from '../../harness/base/errors.ts';
import { checkUserFile } from '../../harness/base/user-file.ts';

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

/**
 * A parser for selectors whose value is a path.
 * @param form the expected form, for errors: `file:PATH`
 * @param what what the path names
 */
export function pathParser(form: string, what: 'file' | 'folder' = 'file'): (value: string, text: string) => PathSelector {
  return (path, text) => {
    if (path === '') throw new UserError(`kernel selector '${text}' names no ${what}; expected ${form}`);
    return { text, path };
  };
}

/** @throws UserError if a selector does not name a regular file that can be read */
export async function checkFile({ text, path }: PathSelector): Promise<void> {
  await checkUserFile(path, { kind: 'a kernel image or package', maxBytes: MAX_BYTES, shown: text });
}
