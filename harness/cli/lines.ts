// What the command line writes: names, notes and reasons may be a stranger's text, which must not act on a terminal.
import type { Writable } from 'node:stream';
import { visible } from '../base/visible.ts';

/** Writes one line, in which control and format characters are shown instead of passed on. */
export function writeLine(stream: Writable, text: string): void {
  stream.write(`${visible(text)}\n`);
}
