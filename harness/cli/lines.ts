// Output of the command line. Names, notes and reasons may be untrusted text, which must not control the terminal.
import type { Writable } from 'node:stream';
import { visible } from '../base/visible.ts';

/** Writes one line with control and format characters escaped. */
export function writeLine(stream: Writable, text: string): void {
  stream.write(`${visible(text)}\n`);
}
