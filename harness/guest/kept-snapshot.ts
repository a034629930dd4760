// Which snapshot may be used: the key of everything that it depends on, and the checks of its files.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { readCachedText, streamOf } from '../base/cached-file.ts';
import { parseCached } from '../base/files.ts';
import { isIntact } from './intact.ts';
import { type Machine, qemuArguments } from './machine.ts';

/** The format of a snapshot. A change of it makes all older snapshots useless. */
export const FORMAT = 2;

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  key: z.string(),
  hello: z.strictObject({
    release: z.string(),
    version: z.string(),
    machine: z.string(),
    libbpf: z.string(),
    btfSize: z.number(),
  }),
  mailboxAddress: z.string(),
  method: z.enum(['pvh', 'bzimage', 'image']),
  bootMs: z.number(),
  /** The command that booted it. */
  command: z.array(z.string()),
  stateSha256: z.string(),
  ram: z.strictObject({ size: z.number(), crc32: z.number() }),
});

/** The description of a snapshot. */
export type SnapshotManifest = z.infer<typeof manifestSchema>;

export interface Snapshot extends SnapshotManifest {
  ramFile: string;
  stateFile: string;
}

/** Everything that a snapshot depends on. A change of any part makes another snapshot. */
export interface SnapshotKey {
  kernelSha256: string;
  agentSha256: string;
  /** Of the configuration in the guest; null without one. */
  configSha256: string | null;
  /** QEMU's version line. */
  qemuVersion: string;
  machine: Machine;
}

/** The name of the snapshot in the cache: a digest of everything that it depends on, including the machine's options. */
export function snapshotKey(parts: SnapshotKey): string {
  const options = qemuArguments(parts.machine, { ram: '', mailbox: '', private: false }, { kernel: '', initramfs: '' });
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, parts, options]))
    .digest('hex')
    .slice(0, 32);
}

/** The SHA-256 digest of a file. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(await streamOf(path), hash);
  return hash.digest('hex');
}

async function readManifest(directory: string): Promise<SnapshotManifest | null> {
  const text = await readCachedText(join(directory, 'snapshot.json'));
  return manifestSchema.safeParse(parseCached(text ?? 'null')).data ?? null;
}

/** The snapshot in a folder of the cache; null if it is missing, damaged, or another one than its name says. */
export async function openSnapshot(directory: string, key: string): Promise<Snapshot | null> {
  const manifest = await readManifest(directory);
  if (!manifest || manifest.key !== key) return null;
  const ramFile = join(directory, 'ram');
  const stateFile = join(directory, 'state');
  const stateSha256 = await sha256File(stateFile).catch(() => null);
  if (stateSha256 !== manifest.stateSha256) return null;
  if (!(await isIntact(ramFile, manifest.ram, join(directory, 'ram.stamp')))) return null;
  return { ...manifest, ramFile, stateFile };
}
