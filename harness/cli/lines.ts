// Output of the command line. Names, notes and reasons may be untrusted text, which must not control the terminal.
import type { Writable } from 'node:stream';
import { visible } from '../base/visible.ts';

/** Writes one line with control and format characters escaped. */
export function writeLine(stream: Writable, text: string): void {
  stream.write(`${visible(text)}\n`);
}

/** Writes pieces of text no faster than the reader takes them. Stops if the reader closes the stream early. */
export async function writeParts(stream: Writable, parts: Iterable<string | Uint8Array>): Promise<void> {
  for (const part of parts) {
    if (stream.destroyed) return;
    if (stream.write(part)) continue;
    await new Promise<void>((resolve) => {
      for (const event of ['drain', 'close', 'error']) stream.once(event, () => resolve());
    });
  }
}
