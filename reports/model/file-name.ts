// File names for untrusted names.
import { createHash } from 'node:crypto';

/** Two names and the kind of a log make one file name; file systems allow 255 bytes. */
const NAME_LENGTH = 110;
const DIGEST_LENGTH = 8;

/** An untrusted name as one component of a path: no separator, no leading dot, bounded length. A changed name ends in a digest, which keeps names distinct. */
export function fileName(text: string): string {
  const plain = text
    .replaceAll(/[^\w.+~-]/g, '_')
    .replace(/^[.-]+/, '_')
    .slice(0, NAME_LENGTH);
  if (plain === text && plain !== '') return plain;
  const digest = createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, DIGEST_LENGTH);
  return `${plain.slice(0, NAME_LENGTH - DIGEST_LENGTH - 1) || '_'}-${digest}`;
}
