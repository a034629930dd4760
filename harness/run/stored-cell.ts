// A finished cell as it is kept on disk: its verdict, the logs it refers to, and what the verdict depends on as one digest.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { addLog, logText, withLogIds } from '../results/logs.ts';
import type { CellResult, LogStore } from '../results/schema.ts';
import { cellSchema } from '../results/schema/cell.ts';

/** What a cell's verdict depends on, but for what is expected of it. */
export interface CellIdentity {
  kernelSha256: string;
  /** Of the kernel's configuration as the guest has it, null where it has none. */
  configSha256: string | null;
  objectSha256: string;
  agentSha256: string;
  isolation: 'snapshot' | 'boot';
  /** Everything of the plan that speaks of how this object is loaded. */
  plan: unknown;
  /** QEMU's version line, the machine it shows the guest, and under KVM the processor that is not emulated. */
  machine: unknown;
  /** Of the code that loads and judges. */
  tool: string;
}

/** The same for the same identity only. */
export function identityKey(identity: CellIdentity): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

export const keptCellSchema = z.strictObject({ key: z.string(), cell: cellSchema, texts: z.record(z.string(), z.string()) });
export type KeptCell = z.infer<typeof keptCellSchema>;

/** A cell with the texts it refers to. */
export function keepCell(identity: CellIdentity, cell: CellResult, logs: LogStore): KeptCell {
  const texts: Record<string, string> = {};
  withLogIds(cell, (id) => {
    if (id !== null) texts[id] = logText(logs, id);
    return id;
  });
  return { key: identityKey(identity), cell, texts };
}

/** The cell again, its logs now in `logs`. */
export function restoreCell({ cell, texts }: KeptCell, logs: LogStore): CellResult {
  return withLogIds(cell, (id) => (id === null ? null : addLog(logs, texts[id] ?? '')));
}
