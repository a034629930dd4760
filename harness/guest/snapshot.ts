// A snapshot of a booted kernel: made once, kept in the cache, restored privately for every cell.
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { awakeNow } from '../base/awake.ts';
import { readAnySize } from '../base/cached-file.ts';
import { InfraError } from '../base/errors.ts';
import { unfinishedPath } from '../base/files.ts';
import type { OwnedFolder } from '../base/ownership.ts';
import { bootGuest, type BootRequest, flush } from './boot.ts';
import { crc32File } from './intact.ts';
import { FORMAT, openSnapshot, sha256File, type Snapshot, type SnapshotManifest } from './kept-snapshot.ts';
import { FD } from './machine.ts';
import type { QemuProcess } from './qemu.ts';

const STATE_MS = 20_000;

const IGNORE_SHARED = { capabilities: [{ capability: 'x-ignore-shared', state: true }] };

async function waitFor(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = awakeNow() + STATE_MS;
  while (!(await done())) {
    if (awakeNow() > deadline) throw new InfraError(`QEMU did not finish to ${what} in ${STATE_MS / 1000} s`);
    await sleep(2);
  }
}

function statusOf(answer: unknown): string {
  return answer && typeof answer === 'object' && 'status' in answer ? String(answer.status) : '';
}

/** Stops a guest and writes its device state; its memory is already in the RAM file. */
async function saveState(qemu: QemuProcess, stateFile: string): Promise<void> {
  await qemu.qmp.execute('stop');
  await qemu.qmp.execute('migrate-set-capabilities', IGNORE_SHARED);
  await qemu.qmp.execute('migrate', { uri: `exec:cat > ${quote(stateFile)}` });
  await waitFor('save the state', async () => {
    const status = statusOf(await qemu.qmp.execute('query-migrate'));
    if (status === 'failed') throw new InfraError('QEMU could not save the state of the guest');
    return status === 'completed';
  });
}

/** Loads a saved state into a QEMU started with `-incoming defer`; the guest is stopped until `cont`. */
export async function loadState(qemu: QemuProcess, stateFile: string): Promise<void> {
  await qemu.qmp.execute('migrate-set-capabilities', IGNORE_SHARED);
  qemu.state.end(await readAnySize(stateFile));
  await qemu.qmp.execute('migrate-incoming', { uri: `fd:${FD.state}` });
  await waitFor('load the state', async () => statusOf(await qemu.qmp.execute('query-status')) !== 'inmigrate');
}

function quote(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/** Where a snapshot is made and where it is kept. */
export interface SnapshotPlace {
  /** The folder it is kept in. */
  target: string;
  key: string;
  /** The folder it is made in. */
  building: OwnedFolder;
  /** The snapshot in `target` that is not to be used any more; null if there was none. */
  replaced: Snapshot | null;
}

/**
 * Moves a complete snapshot to its place. One that another run has put there meanwhile is used instead, because its guests may be
 * reading those files.
 */
async function moveIntoPlace({ target, key, building, replaced }: SnapshotPlace): Promise<void> {
  const there = await openSnapshot(target, key);
  if (there && there.stateSha256 !== replaced?.stateSha256) return;
  // Running guests of another run may use the old files. They stay readable until those guests close them.
  const old = unfinishedPath(target);
  await rename(target, old).catch(() => undefined);
  await building.moveTo(target).catch(async (error: unknown) => {
    if (!(await openSnapshot(target, key))) throw error;
  });
  await rm(old, { recursive: true, force: true });
}

/**
 * Boots a kernel and saves it as a snapshot. The files get their name only when complete.
 * @throws InfraError if the kernel does not come up or its state cannot be saved
 */
export async function makeSnapshot(place: SnapshotPlace, request: BootRequest): Promise<Snapshot> {
  const { target, key } = place;
  const building = request.directory;
  const guest = await bootGuest({ ...request, saves: true });
  const stateFile = join(building, 'state');
  try {
    await saveState(guest.qemu, stateFile);
  } finally {
    await guest.qemu.kill();
  }
  const ramFile = join(building, 'ram');
  const manifest: SnapshotManifest = {
    format: FORMAT,
    key,
    hello: {
      release: guest.hello.release,
      version: guest.hello.version,
      machine: guest.hello.machine,
      libbpf: guest.hello.libbpf,
      btfSize: guest.hello.btfSize,
    },
    mailboxAddress: guest.mailboxAddress.toString(),
    method: guest.method,
    bootMs: Math.round(guest.bootMs),
    command: guest.qemu.command,
    stateSha256: await sha256File(stateFile),
    ram: { size: (await stat(ramFile)).size, crc32: await crc32File(ramFile) },
  };
  await rm(join(building, 'mailbox'), { force: true });
  await writeFile(join(building, 'snapshot.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await Promise.all(['ram', 'state', 'snapshot.json'].map(async (name) => flush(join(building, name))));
  await moveIntoPlace(place);
  const snapshot = await openSnapshot(target, key);
  if (!snapshot) throw new InfraError(`the snapshot in ${target} is damaged right after it was made: is the disk full?`);
  return snapshot;
}
