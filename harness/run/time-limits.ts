// How long a boot and a cell may take.
import { timerMs } from '../base/time-limit.ts';
import type { Accel } from '../guest/machine.ts';
import type { CellLimits } from '../guest/watch.ts';
import type { PreparedSettings } from '../plan/object-settings/setting-table.ts';

/** Times in milliseconds that a run is asked for. By default the accelerator decides. */
export interface TimeLimits {
  /** For a cell. */
  cellMs?: number | undefined;
  /** For the boot of a kernel. */
  bootMs?: number | undefined;
  /** How long a guest may show no sign of life. */
  stallMs?: number | undefined;
}

/** To verify a million instructions takes minutes under emulation; a guest that hangs is noticed long before. */
const CELL_MS = { tcg: 300_000, kvm: 60_000 } as const satisfies Record<Accel, number>;
const BOOT_MS = { tcg: 90_000, kvm: 30_000 } as const satisfies Record<Accel, number>;
const STALL_MS = { tcg: 30_000, kvm: 10_000 } as const satisfies Record<Accel, number>;

/** The settings that run commands in the guest. */
type CommandSettings = Pick<PreparedSettings, 'command' | 'trigger'>;

/** Milliseconds that the commands of an object may take one after the other. */
function commandsMs({ command, trigger }: CommandSettings): number {
  const triggers = [...(trigger?.commands?.commands.values() ?? [])].reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
  return (command?.timeoutMs ?? 0) + triggers;
}

/** Milliseconds that a kernel may take to come up. */
export function bootLimit({ bootMs }: TimeLimits, accel: Accel): number {
  return timerMs(bootMs ?? BOOT_MS[accel]);
}

/** The limits of a cell with one object. Unless a limit was asked for, the time of its commands comes on top of that of the load. */
export function cellLimits({ cellMs, stallMs }: TimeLimits, settings: CommandSettings, accel: Accel): CellLimits {
  return { cellMs: timerMs(cellMs ?? CELL_MS[accel] + commandsMs(settings)), stallMs: stallMs ?? STALL_MS[accel] };
}
