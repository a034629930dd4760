// The doorbell: short lines from the guest over a debug port. Only their form is checked; their content is not trusted.
import { InfraError } from '../base/errors.ts';

/** The content of a ring: the address of the mailbox in the guest's physical memory, and the place of the response in it. */
export interface Ring {
  /** `ready`: the agent waits for a request; `done`: the response is complete. */
  word: 'ready' | 'done';
  mailboxAddress: bigint;
  offset: number;
  length: number;
  crc: number;
}

const RING = /^(ready|done) ([0-9a-f]{1,16}) ([0-9a-f]{1,8}) ([0-9a-f]{1,8}) ([0-9a-f]{1,8})$/;
const MAX_LINE = 256;

/** Reads one line of the bell; null if it is not a ring. */
export function parseRing(line: string): Ring | null {
  const [, word, address, offset, length, crc] = RING.exec(line.trim()) ?? [];
  if ((word !== 'ready' && word !== 'done') || !address || !offset || !length || !crc) return null;
  return {
    word,
    mailboxAddress: BigInt(`0x${address}`),
    offset: Number.parseInt(offset, 16),
    length: Number.parseInt(length, 16),
    crc: Number.parseInt(crc, 16),
  };
}

/**
 * Cuts a stream of chunks into lines and calls back for each; a line longer than any ring ends the bell with an error,
 * because only a broken guest floods its bell.
 */
export function bellLines(onLine: (line: string) => void, onFlood: (error: InfraError) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    rest += chunk.toString('latin1');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE) {
      rest = '';
      onFlood(new InfraError('the guest floods its doorbell'));
    }
  };
}
