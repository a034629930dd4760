// The place of the snapshots of a run: the cache, or the folder of the run if the cache is read-only.
import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError, toInfraError } from '../base/errors.ts';
import { makeFolderBeside } from '../base/populate.ts';
import { runProgram } from '../base/program.ts';
import type { BootRequest } from '../guest/boot.ts';
import { openSnapshot, type Snapshot } from '../guest/kept-snapshot.ts';
import { makeSnapshot } from '../guest/snapshot.ts';

/** A slow disk takes minutes to copy the memory of a guest. */
const COPY_MS = 10 * 60 * 1000;

export interface SnapshotStore {
  cache: string;
  work: string;
  /** The key of the snapshot; see snapshotKey(). */
  key: string;
}

async function writable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/**
 * The snapshot in the cache, or null. A read-only one is copied first, because QEMU opens the memory of a guest for writing even if it
 * maps it privately.
 */
export async function keptSnapshot({ cache, work, key }: SnapshotStore): Promise<Snapshot | null> {
  const snapshot = await openSnapshot(join(cache, 'snapshots', key), key);
  if (!snapshot || (await writable(snapshot.ramFile))) return snapshot;
  const ramFile = join(work, `${key}.ram`);
  const copy = ['cp', '--sparse=always', '--reflink=auto', '--no-preserve=mode', snapshot.ramFile, ramFile] as const;
  const { failed, stderr } = await runProgram(copy, { stdin: 'ignore' }, { ms: COPY_MS });
  if (failed) throw new InfraError(`${snapshot.ramFile} cannot be copied: ${stderr}`);
  return { ...snapshot, ramFile };
}

/**
 * Boots a kernel and keeps it as a snapshot.
 * @param replaced the snapshot that gave no verdict, if this one is to replace it
 * @throws InfraError if the kernel does not boot or the snapshot cannot be written
 */
export async function newSnapshot(
  { cache, work, key }: SnapshotStore,
  boot: Omit<BootRequest, 'directory'>,
  replaced: Snapshot | null = null,
): Promise<Snapshot> {
  const shared = join(cache, 'snapshots');
  const folder = await mkdir(shared, { recursive: true }).then(
    async () => ((await writable(shared)) ? shared : join(work, 'snapshots')),
    () => join(work, 'snapshots'),
  );
  const target = join(folder, key);
  try {
    const building = await makeFolderBeside(target);
    try {
      return await makeSnapshot({ target, key, building, replaced }, { ...boot, directory: building.path });
    } finally {
      await building.remove();
    }
  } catch (error) {
    boot.signal.throwIfAborted();
    throw toInfraError(error);
  }
}
