// Parts of long texts that stay in memory.

/** A copy of a part of a long text. V8 keeps the whole text in memory as long as a part of it is used. */
export function detached(part: string): string {
  return Buffer.from(part, 'utf16le').toString('utf16le');
}
