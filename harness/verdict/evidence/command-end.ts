// How a command in a guest came to its end, in words.
import type { CommandEnd } from '../../guest/protocol/frames.ts';

/** Of one that ran until it exited or was killed: `exits with status 3`, `dies of signal 11`. */
export function howEnded({ end, value }: Pick<CommandEnd, 'end' | 'value'>): string {
  return end === 'killed' ? `dies of signal ${value}` : `exits with status ${value}`;
}
