// Files for the guest as a ustar archive, which the agent unpacks.
import { Header } from 'tar';
import { UserError } from '../../base/errors.ts';
import type { PackedFile } from './libraries.ts';

const BLOCK = 512;

/**
 * Packs files in ustar format: the same files give the same bytes.
 * @throws UserError for a path that ustar cannot hold
 */
export function packFiles(files: readonly PackedFile[]): Buffer {
  const parts = files.flatMap(({ path, bytes, executable }) => {
    const block = Buffer.alloc(BLOCK);
    const header = new Header({
      path,
      mode: executable ? 0o755 : 0o644,
      size: bytes.length,
      type: 'File',
      uid: 0,
      gid: 0,
      mtime: new Date(0),
    });
    if (header.encode(block, 0)) throw new UserError(`${path}: the path is too long for the archive that guests read`);
    return [block, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}
