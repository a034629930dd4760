// Selectors of the user's own files, for all sources of such files.
import { stat } from 'node:fs/promises';
import { UserError } from '../../harness/base/errors.ts';

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
 */
export function pathParser(form: string): (value: string, text: string) => PathSelector {
  return (path, text) => {
    if (path === '') throw new UserError(`kernel selector '${text}' names no file; expected ${form}`);
    return { text, path };
  };
}

/** @throws UserError if a selector does not name a regular file */
export async function checkFile({ text, path }: PathSelector): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new UserError(`${text}: no such file`);
  if (!found.isFile()) throw new UserError(`${text}: not a regular file`);
}
