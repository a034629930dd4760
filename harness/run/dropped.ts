// What a guest printed, but could not keep.
import type { GuestResult } from '../guest/cell.ts';
import type { CellResult } from '../results/schema.ts';

/** Counts log text that did not fit into the mailbox, and output of commands beyond their limit. */
export function droppedInGuest(guest: GuestResult): Pick<CellResult, 'logsCut'> {
  const log = guest.ok ? guest.dropped : 0;
  const outputs = guest.frames.map((frame) => (frame.type === 'command-end' || frame.type === 'trigger-end' ? frame.dropped : 0));
  const output = outputs.reduce((sum, bytes) => sum + bytes, 0);
  const logs = Number(log > 0) + Number(output > 0);
  return logs === 0 ? {} : { logsCut: { logs, bytes: log + output, limit: 'guest' } };
}
