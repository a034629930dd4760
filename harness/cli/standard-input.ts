// Reads the standard input of this process to its end.
import { fstatSync } from 'node:fs';
import { UserError } from '../base/errors.ts';

/**
 * All bytes of standard input.
 * @param use what they are, for the message
 * @throws UserError for a folder, and if there are more than `maxBytes`
 */
export async function standardInput(maxBytes: number, use: string): Promise<Buffer> {
  // Node.js reads nothing from a folder, without an error.
  if (fstatSync(0).isDirectory()) throw new UserError(`standard input: is a folder; expected a file or a pipe with the input of ${use}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes: Uint8Array = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (size > maxBytes) throw new UserError(`standard input: more than ${maxBytes >> 20} MiB is too large for ${use}`);
  }
  return Buffer.concat(chunks);
}
