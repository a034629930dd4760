// How long a cell may take.
import type { Accel } from '../guest/machine.ts';
import type { Patience } from '../guest/watch.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';

/** Verifying a million instructions takes minutes under emulation; a guest that hangs is noticed long before. */
const CELL_MS = { tcg: 300_000, kvm: 60_000 } as const satisfies Record<Accel, number>;
const STALL_MS = { tcg: 30_000, kvm: 10_000 } as const satisfies Record<Accel, number>;

/** What the commands of an object may take, one after the other. */
function commandsMs({ customLoader, triggerCommands }: Pick<RunObject, 'customLoader' | 'triggerCommands'>): number {
  const triggers = [...(triggerCommands?.commands.values() ?? [])].reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
  return (customLoader?.timeoutMs ?? 0) + triggers;
}

/** The patience with one object: what was asked for, else what suits the accelerator and lets its commands use up their own time. */
export function patienceWith(
  object: Pick<RunObject, 'customLoader' | 'triggerCommands'>,
  { timeoutMs, stallMs }: { timeoutMs: number | null; stallMs: number | null },
  accel: Accel,
): Patience {
  return { cellMs: timeoutMs ?? CELL_MS[accel] + commandsMs(object), stallMs: stallMs ?? STALL_MS[accel] };
}
