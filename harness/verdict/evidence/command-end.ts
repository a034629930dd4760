// Describes how a command in a guest ended.
import type { CommandEnd } from '../../guest/protocol/frames.ts';

/** For a command that exited or was killed: `exits with status 3`, `is killed by signal 11`. */
export function howEnded({ end, value }: Pick<CommandEnd, 'end' | 'value'>): string {
  return end === 'killed' ? `is killed by signal ${value}` : `exits with status ${value}`;
}
