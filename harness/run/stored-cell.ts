// A finished cell on disk: its verdict, its logs, and one digest of everything that the verdict depends on.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { addLog, logText, withLogIds } from '../results/logs.ts';
import type { CellResult, LogStore } from '../results/schema.ts';
import { cellSchema } from '../results/schema/cell.ts';

/** Everything that a cell's verdict depends on, except expectations. */
export interface CellIdentity {
  kernelSha256: string;
  /** The digest of the kernel's configuration in the guest; null if it has none. */
  configSha256: string | null;
  /** The digest of the cached modules of the kernel's package; null if none are cached, or if no reason about the object can name a module. */
  packageModules: string | null;
  objectSha256: string;
  agentSha256: string;
  isolation: 'snapshot' | 'boot';
  /** The parts of the plan that decide how this object is loaded. */
  plan: unknown;
  /** QEMU's version line, the machine of the guest, and under KVM the processor of the host. */
  machine: unknown;
  /** The digest of the code that loads objects and decides verdicts. */
  tool: string;
}

/** The digest of an identity. */
export function identityKey(identity: CellIdentity): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

export const keptCellSchema = z.strictObject({ key: z.string(), cell: cellSchema, texts: z.record(z.string(), z.string()) });
export type KeptCell = z.infer<typeof keptCellSchema>;

/** A cell with the texts of its logs. */
export function keepCell(identity: CellIdentity, cell: CellResult, logs: LogStore): KeptCell {
  const texts: Record<string, string> = {};
  withLogIds(cell, (id) => {
    if (id !== null) texts[id] = logText(logs, id);
    return id;
  });
  return { key: identityKey(identity), cell, texts };
}

/** Restores the cell, and adds its logs to `logs`. */
export function restoreCell({ cell, texts }: KeptCell, logs: LogStore): CellResult {
  return withLogIds(cell, (id) => (id === null ? null : addLog(logs, texts[id] ?? '')));
}
