// Reads the standard input of this process to its end.
import { UserError } from '../base/errors.ts';

/**
 * All bytes of standard input.
 * @param use what they are, for the message
 * @throws UserError if there are more than `maxBytes`
 */
export async function standardInput(maxBytes: number, use: string): Promise<Buffer> {
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
