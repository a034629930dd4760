// How long a cell may take.
import type { Accel } from '../guest/machine.ts';
import type { Patience } from '../guest/watch.ts';
import type { PreparedSettings } from '../plan/object-settings/setting-table.ts';

/** Verifying a million instructions takes minutes under emulation; a guest that hangs is noticed long before. */
const CELL_MS = { tcg: 300_000, kvm: 60_000 } as const satisfies Record<Accel, number>;
const STALL_MS = { tcg: 30_000, kvm: 10_000 } as const satisfies Record<Accel, number>;

/** The settings that run commands in the guest. */
type CommandSettings = Pick<PreparedSettings, 'command' | 'trigger'>;

/** What the commands of an object may take, one after the other. */
function commandsMs({ command, trigger }: CommandSettings): number {
  const triggers = [...(trigger?.commands?.commands.values() ?? [])].reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
  return (command?.timeoutMs ?? 0) + triggers;
}

/** The patience with one object: what was asked for, else what suits the accelerator and lets its commands use up their own time. */
export function patienceWith(
  settings: CommandSettings,
  { timeoutMs, stallMs }: { timeoutMs: number | null; stallMs: number | null },
  accel: Accel,
): Patience {
  return { cellMs: timeoutMs ?? CELL_MS[accel] + commandsMs(settings), stallMs: stallMs ?? STALL_MS[accel] };
}
