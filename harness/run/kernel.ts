// Makes one kernel of the matrix ready for its cells: with a snapshot, or prepared for boots.
import { access, mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { modulesInCache } from '../../kernels/cache/modules.ts';
import type { Trust } from '../../kernels/trust/trust.ts';
import type { KernelImage } from '../../kernels/pull.ts';
import type { KernelIdentity } from '../../kernels/sources/source.ts';
import { InfraError } from '../base/errors.ts';
import { type BootImage, bootGuest, type BootRequest } from '../guest/boot.ts';
import { type CellRequest, type GuestResult, runBooted, runRestored } from '../guest/cell.ts';
import { snapshotKey } from '../guest/kept-snapshot.ts';
import { machineFor } from '../guest/machine.ts';
import { type Accel, type BootMethod, MACHINES } from '../guest/machines.ts';
import type { CachedImage } from '../kernel-btf/kernels.ts';
import type { KernelResult } from '../results/schema.ts';
import { type GuestAgent, prepareInitramfs } from '../guest/agent.ts';
import { QEMU_PROGRAM } from './host.ts';
import { type ModuleLoader, moduleLoader } from '../plan/settings/modules/loaded-modules.ts';
import { keptSnapshot, newSnapshot, type SnapshotStore } from './snapshots.ts';
import { type RunTypes, typesOf } from './kernel-types.ts';
import type { RunRequest } from './run-request.ts';

/** The inputs for starting guests of a kernel. */
export interface GuestSetup {
  request: Pick<RunRequest, 'cache' | 'isolation' | 'keep' | 'kernelOptions'>;
  /** The folder of this run for temporary files. */
  work: string;
  /** The line of `--version`. */
  qemu: { line: string };
  accel: Accel;
  /** Memory of the guests, in MiB. @default that of the default machine */
  memoryMiB?: number;
  agent: GuestAgent;
  bootLimitMs: number;
  signal: AbortSignal;
}

/** A kernel that cells can run on. */
export interface ReadyKernel {
  result: KernelResult;
  /** The digest of the configuration file in its guests; null if they have none. */
  configSha256: string | null;
  fromCache: boolean;
  /** The digest of the agent in its guests. */
  agentSha256: string;
  restore: ((request: CellRequest) => Promise<GuestResult>) | null;
  /** Makes the snapshot again, but only once in a run. */
  renew: (() => Promise<void>) | null;
  boot: (request: CellRequest) => Promise<GuestResult>;
  types: RunTypes;
  /** Leads to the modules of its package. */
  image: CachedImage;
  /** The digest of the cached modules of its package; null if the cache has none. Found once. */
  packageModules: () => Promise<string | null>;
  modules: ModuleLoader;
}

/** The part of a kernel's result that is known before a guest runs. */
export function plannedResult(planned: KernelIdentity): KernelResult {
  const { id, selector, version, series, arch, distribution } = planned;
  return {
    id,
    selector,
    release: null,
    version,
    series,
    arch,
    distribution,
    package: null,
    sha256: null,
    btf: null,
    boot: null,
    notes: [],
  };
}

function trustResult(trust: Trust): NonNullable<KernelResult['trust']> {
  if (trust.kind !== 'signed') return trust;
  const { kind, mirror, key, expired } = trust;
  return { kind, mirror, key, ...(expired !== null && { expired }) };
}

function pulledResult(image: KernelImage): KernelResult {
  return {
    ...plannedResult(image),
    package: image.package,
    sha256: image.sha256,
    btf: image.btf === null ? null : { size: image.btf.size, sha256: image.btf.sha256 },
    trust: trustResult(image.trust),
    notes: [...image.notes],
  };
}

/** The boot methods of an image, the fastest first. */
export function bootImages(image: Pick<KernelImage, 'arch' | 'vmlinux' | 'image'>): BootImage[] {
  return MACHINES[image.arch].boots.flatMap(([method, file]) => {
    const path = image[file];
    return path === null ? [] : [{ method, path }];
  });
}

type KernelBoot = Omit<BootRequest, 'directory' | 'signal'>;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Makes boot requests. The initramfs is packed once, and again if a cleaner of temporary folders removed it. */
function bootRequests(image: KernelImage, setup: GuestSetup): () => Promise<KernelBoot> {
  const gdb = setup.request.keep?.gdb;
  const machine = { ...machineFor(image.arch, setup.accel, setup.memoryMiB), ...(gdb && { gdb }) };
  let initramfs: string | null = null;
  return async () => {
    if (initramfs === null || !(await exists(initramfs))) initramfs = await prepareInitramfs(setup.agent, image, setup.work);
    return { qemuProgram: QEMU_PROGRAM, machine, images: bootImages(image), initramfs, timeoutMs: setup.bootLimitMs };
  };
}

/** Boots a guest for a cell. A guest whose initramfs was removed meanwhile says nothing about the cell, and another one is booted. */
async function bootForCell(requestOf: () => Promise<KernelBoot>, cell: CellRequest): Promise<GuestResult> {
  const request = await requestOf();
  const result = await runBooted(request, cell);
  return result.ok || (await exists(request.initramfs)) ? result : runBooted(await requestOf(), cell);
}

/** The facts of a booted guest. */
interface Booted {
  hello: { release: string };
  method: BootMethod;
  bootMs: number;
  command: string[];
}

function bootedResult(image: KernelImage, { hello, method, bootMs, command }: Booted): KernelResult {
  return { ...pulledResult(image), release: hello.release, boot: { method, durationMs: Math.round(bootMs), command } };
}

/** Boots once, to learn the release of the kernel and whether it boots. */
async function identify(image: KernelImage, request: KernelBoot, setup: GuestSetup): Promise<KernelResult> {
  const release = setup.request.keep?.release;
  if (release) return { ...pulledResult(image), release };
  const directory = await mkdtemp(join(setup.work, 'boot-'));
  const guest = await bootGuest({ ...request, directory, signal: setup.signal });
  await guest.qemu.kill();
  await rm(directory, { recursive: true, force: true });
  return bootedResult(image, { ...guest, command: guest.qemu.command });
}

function storeOf(image: KernelImage, { request, work, accel, memoryMiB, qemu, agent }: GuestSetup): SnapshotStore {
  const key = snapshotKey({
    kernelSha256: image.sha256,
    agentSha256: agent.sha256,
    configSha256: image.config?.sha256 ?? null,
    qemuVersion: qemu.line,
    machine: machineFor(image.arch, accel, memoryMiB),
  });
  return { cache: request.cache, work, key };
}

/** Finds the digest of the cached modules of a kernel's package, at the first call. */
function packageModulesOf({ cache, sha256 }: CachedImage): () => Promise<string | null> {
  const find = async () => {
    const folder = await modulesInCache(cache, sha256);
    return folder === null ? null : basename(folder);
  };
  let found: Promise<string | null> | null = null;
  return async () => (found ??= find());
}

/**
 * Makes a pulled kernel ready for cells.
 * @throws InfraError if it does not boot
 */
export async function makeReady(image: KernelImage, setup: GuestSetup): Promise<ReadyKernel> {
  if (image.arch !== 'x86_64') throw new InfraError(`guests of architecture ${image.arch} are not supported yet`);
  const machine = machineFor(image.arch, setup.accel, setup.memoryMiB);
  const kernelBoot = bootRequests(image, setup);
  const boot = async (cell: CellRequest) => bootForCell(kernelBoot, cell);
  const types = typesOf(image);
  const cached = { cache: setup.request.cache, sha256: image.sha256 };
  const modules = moduleLoader(image, setup.request.kernelOptions);
  const digests = { configSha256: image.config?.sha256 ?? null, agentSha256: setup.agent.sha256 };
  const common = { ...digests, boot, types, image: cached, packageModules: packageModulesOf(cached), modules };
  if (setup.request.isolation === 'boot') {
    const result = await identify(image, await kernelBoot(), setup);
    return { ...common, result, fromCache: false, restore: null, renew: null };
  }
  const store = storeOf(image, setup);
  const request = async () => ({ ...(await kernelBoot()), signal: setup.signal });
  const kept = await keptSnapshot(store);
  let snapshot = kept ?? (await newSnapshot(store, await request()));
  let renewing: Promise<void> | null = null;
  const renew = async () => {
    try {
      snapshot = await newSnapshot(store, await request(), snapshot);
    } catch (error) {
      // The current cell has its verdict. The next cells try the old snapshot first.
      if (!(error instanceof InfraError)) throw error;
    }
  };
  return {
    ...common,
    result: bootedResult(image, snapshot),
    fromCache: kept !== null,
    restore: async (cell) => runRestored(QEMU_PROGRAM, machine, snapshot, cell),
    renew: async () => (renewing ??= renew()),
  };
}
