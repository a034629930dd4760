// Foreign names as names of files.
import { createHash } from 'node:crypto';

/** Two names and the kind of a log make one file name, for which file systems have 255 bytes. */
const NAME_LENGTH = 110;
const DIGEST_LENGTH = 8;

/** A foreign name as one component of a path: no separators, no leading dot, not too long. A digest tells apart what had to change. */
export function fileName(text: string): string {
  const plain = text
    .replaceAll(/[^\w.+~-]/g, '_')
    .replace(/^[.-]+/, '_')
    .slice(0, NAME_LENGTH);
  if (plain === text && plain !== '') return plain;
  const digest = createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, DIGEST_LENGTH);
  return `${plain.slice(0, NAME_LENGTH - DIGEST_LENGTH - 1) || '_'}-${digest}`;
}
