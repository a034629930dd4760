// Who vouched for a cached kernel when it was pulled. A kernel without a record is of an older version and must be pulled again.
import { join } from 'node:path';
import { readCachedText } from '../../harness/base/cached-file.ts';
import { parseCached, writeFileAtomic } from '../../harness/base/files.ts';
import { KERNEL_FILES } from '../image/facts.ts';
import { readTrust, type Trust, vouchesForAll } from '../trust/trust.ts';

/** Kinds in the order of their strength. */
const STRENGTH = { accepted: 0, own: 1, pinned: 2, signed: 3 } as const satisfies Record<Trust['kind'], number>;

function strengthOf(trust: Trust | null): number {
  if (trust === null) return -1;
  return vouchesForAll(trust) ? STRENGTH[trust.kind] : STRENGTH.accepted;
}

/** The record of a kernel; null if it has none. */
export async function kernelTrust(directory: string): Promise<Trust | null> {
  return readTrust(parseCached((await readCachedText(join(directory, KERNEL_FILES.trust))) ?? 'null'));
}

/** Whether a kernel gets a stronger record from `trust`. */
export async function isStronger(directory: string, trust: Trust): Promise<boolean> {
  return strengthOf(trust) > strengthOf(await kernelTrust(directory));
}

/** Records who vouches for a kernel, unless the record is as strong already. A cache that cannot be written keeps its record. */
export async function recordTrust(directory: string, trust: Trust): Promise<void> {
  if (!(await isStronger(directory, trust))) return;
  await writeFileAtomic(join(directory, KERNEL_FILES.trust), `${JSON.stringify(trust)}\n`).catch(() => undefined);
}
