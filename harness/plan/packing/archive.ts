// Files for the guest as a ustar archive, which the agent unpacks.
import { Header } from 'tar';
import { UserError } from '../../base/errors.ts';
import type { PackedFile } from './libraries.ts';

const BLOCK = 512;

function headerOf(entry: { path: string; mode: number; size: number; type: 'File' | 'Directory' }): Buffer {
  const block = Buffer.alloc(BLOCK);
  const header = new Header({ ...entry, uid: 0, gid: 0, mtime: new Date(0) });
  if (header.encode(block, 0)) throw new UserError(`${entry.path}: the path is too long for the archive that guests read`);
  return block;
}

/**
 * Packs files in ustar format: the same files give the same bytes.
 * @param folders paths of folders that exist even without a file in them
 * @throws UserError for a path that ustar cannot hold
 */
export function packFiles(files: readonly PackedFile[], folders: readonly string[] = []): Buffer {
  const made = folders.map((path) => headerOf({ path, mode: 0o755, size: 0, type: 'Directory' }));
  const parts = files.flatMap(({ path, bytes, executable }) => {
    const header = headerOf({ path, mode: executable ? 0o755 : 0o644, size: bytes.length, type: 'File' });
    return [header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...made, ...parts, Buffer.alloc(2 * BLOCK)]);
}
