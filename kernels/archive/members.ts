// Which members a package may have. dpkg would follow links and make devices; this program takes only plain files, but a package with
// others was made to do harm, or is damaged.
import type { ReadEntry } from 'tar';
import { InfraError } from '../../harness/base/errors.ts';
import type { FileRequest } from './archive.ts';

const KINDS: Readonly<Record<string, string>> = {
  Link: 'a hard link',
  SymbolicLink: 'a symbolic link',
  Directory: 'a folder',
  CharacterDevice: 'a character device',
  BlockDevice: 'a block device',
  FIFO: 'a FIFO',
};
/** Packages have links, for example from the modules to the headers. */
const ALLOWED: ReadonlySet<string> = new Set(['File', 'OldFile', 'Link', 'SymbolicLink', 'Directory']);
const FILES: ReadonlySet<string> = new Set(['File', 'OldFile']);

/**
 * Checks a member of an archive.
 * @returns its path without the leading `./` if it is wanted, otherwise null
 * @throws InfraError if its name leaves the archive, if no package has members of its kind, or if it is wanted but not a plain file
 */
export function wantedMember({ path, type }: Pick<ReadEntry, 'path' | 'type'>, { label, wanted }: FileRequest): string | null {
  if (path.startsWith('/') || path.split('/').includes('..'))
    throw new InfraError(`${label}: the name of a member leaves the package: ${path}`);
  const kind = KINDS[type] ?? `a member of an unknown kind (${type})`;
  if (!ALLOWED.has(type)) throw new InfraError(`${label}: ${path} is ${kind}; expected only files, folders and links in a package`);
  const name = path.replace(/^(?:\.\/+)+/, '');
  if (!wanted(name)) return null;
  if (!FILES.has(type)) throw new InfraError(`${label}: ${path} is ${kind}; expected a file`);
  return name;
}
