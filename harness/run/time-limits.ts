// Time limits of boots and cells.
import { timerMs } from '../base/time-limit.ts';
import type { Accel } from '../guest/machines.ts';
import type { CellLimits } from '../guest/watch.ts';
import type { PreparedSettings } from '../plan/object-settings/setting-table.ts';

/** Requested time limits in milliseconds. By default the accelerator decides. */
export interface TimeLimits {
  /** The limit of a cell. */
  cellMs?: number | undefined;
  /** The limit of the boot of a kernel. */
  bootMs?: number | undefined;
  /** The limit for a guest without a sign of life. */
  stallMs?: number | undefined;
}

/** Verifying a million instructions takes minutes under emulation. A guest that hangs is noticed much earlier. */
const CELL_MS = { tcg: 300_000, kvm: 60_000 } as const satisfies Record<Accel, number>;
const THOUSAND_PROGRAMS_MS = { tcg: 60_000, kvm: 12_000 } as const satisfies Record<Accel, number>;
const BOOT_MS = { tcg: 90_000, kvm: 30_000 } as const satisfies Record<Accel, number>;
const STALL_MS = { tcg: 30_000, kvm: 10_000 } as const satisfies Record<Accel, number>;

/** The settings that run commands in the guest. */
type CommandSettings = Pick<PreparedSettings, 'command' | 'trigger'>;

/** The sum of the time limits of an object's commands, in milliseconds. */
function commandsMs({ command, trigger }: CommandSettings): number {
  const triggers = [...(trigger?.commands?.commands.values() ?? [])].reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
  return (command?.timeoutMs ?? 0) + triggers;
}

/** The time limit of a boot, in milliseconds. */
export function bootLimit({ bootMs }: TimeLimits, accel: Accel): number {
  return timerMs(bootMs ?? BOOT_MS[accel]);
}

/** If the load of an object fails, each of its programs has a load attempt of its own. */
function programsMs(count: number, accel: Accel): number {
  return Math.floor(count / 1000) * THOUSAND_PROGRAMS_MS[accel];
}

/** An object to load: its number of programs, and its settings that run commands. */
export interface TimedObject {
  programs: number;
  settings: CommandSettings;
}

/** The limits of a cell. Without a requested limit, the time of commands and of very many programs is added to that of the load. */
export function cellLimits({ cellMs, stallMs }: TimeLimits, { programs, settings }: TimedObject, accel: Accel): CellLimits {
  const wanted = cellMs ?? CELL_MS[accel] + commandsMs(settings) + programsMs(programs, accel);
  return { cellMs: timerMs(wanted), stallMs: stallMs ?? STALL_MS[accel] };
}
