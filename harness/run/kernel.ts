// One kernel of the matrix made ready for its cells: image pulled, snapshot in place or boot prepared.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KernelImage } from '../../kernels/pull.ts';
import type { KernelIdentity } from '../../kernels/sources/source.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { InfraError } from '../base/errors.ts';
import { type BootImage, type BootMethod, bootGuest, type BootRequest } from '../guest/boot.ts';
import { type CellRequest, type GuestResult, runBooted, runRestored } from '../guest/cell.ts';
import type { Hello } from '../guest/protocol/frames.ts';
import type { Accel } from '../guest/machine.ts';
import { machineFor, snapshotKey } from '../guest/snapshot.ts';
import type { KernelResult } from '../results/schema.ts';
import { type GuestAgent, prepareInitramfs } from '../guest/agent.ts';
import { QEMU_PROGRAM } from './host.ts';
import { type ModuleLoader, moduleLoader } from '../plan/settings/modules/loaded-modules.ts';
import { keptSnapshot, newSnapshot, type SnapshotStore } from './snapshots.ts';
import { type RunTypes, typesOf } from './kernel-types.ts';

/** For a single cell that is looked at closely: what is kept of it, and how it is started. */
export interface Keep {
  /** Where everything short-lived is, and stays. */
  work: string;
  /** What the kernel calls itself, where that is known: then it is not booted just to ask. */
  release: string | null;
  /** Path of the socket on which the guest waits for a debugger; null: it runs. */
  gdb: string | null;
}

/** What every guest of a run has in common. */
export interface GuestSetup {
  cache: string;
  /** A folder of this run's own for everything short-lived. */
  work: string;
  accel: Accel;
  qemuVersionLine: string;
  agent: GuestAgent;
  isolation: 'snapshot' | 'boot';
  bootTimeoutMs: number;
  keep?: Keep;
  signal: AbortSignal;
  /** For what of a kernel is fetched only where it is asked for. */
  kernelOptions: KernelOptions;
}

/** A kernel that cells can run on. */
export interface ReadyKernel {
  result: KernelResult;
  /** Of the configuration in its guests, null where they have none. */
  configSha256: string | null;
  fromCache: boolean;
  /** Of the agent in its guests. */
  helperSha256: string;
  restore: ((request: CellRequest) => Promise<GuestResult>) | null;
  /** Makes the snapshot anew, once in a run however often it is asked for. */
  renew: (() => Promise<void>) | null;
  boot: (request: CellRequest) => Promise<GuestResult>;
  types: RunTypes;
  modules: ModuleLoader;
}

/** The part of a kernel's result that is known before any guest has run. */
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

function pulledResult(image: KernelImage): KernelResult {
  return {
    ...plannedResult(image),
    package: image.package,
    sha256: image.sha256,
    btf: image.btf === null ? null : { size: image.btf.size, sha256: image.btf.sha256 },
    notes: [...image.notes],
  };
}

/** The ways to start an image, the fastest first. */
export function bootImages(image: Pick<KernelImage, 'vmlinux' | 'image'>): BootImage[] {
  const ways: [BootMethod, string | null][] = [
    ['pvh', image.vmlinux],
    ['bzimage', image.image],
  ];
  return ways.flatMap(([method, path]) => (path === null ? [] : [{ method, path }]));
}

type KernelBoot = Omit<BootRequest, 'directory' | 'signal'>;

async function bootRequest(image: KernelImage, setup: GuestSetup): Promise<KernelBoot> {
  return {
    qemuProgram: QEMU_PROGRAM,
    machine: { ...machineFor(setup.accel), ...(setup.keep?.gdb && { gdb: setup.keep.gdb }) },
    images: bootImages(image),
    initramfs: await prepareInitramfs(setup.agent, image, setup.work),
    timeoutMs: setup.bootTimeoutMs,
  };
}

function booted(image: KernelImage, hello: Hello, method: BootMethod, bootMs: number, command: string[]): KernelResult {
  return { ...pulledResult(image), release: hello.release, boot: { method, durationMs: Math.round(bootMs), command } };
}

/** Boots once to learn what the kernel calls itself and that it comes up at all. */
async function identify(image: KernelImage, request: KernelBoot, setup: GuestSetup): Promise<KernelResult> {
  if (setup.keep?.release) return { ...pulledResult(image), release: setup.keep.release };
  const directory = await mkdtemp(join(setup.work, 'boot-'));
  const guest = await bootGuest({ ...request, directory, signal: setup.signal });
  await guest.qemu.kill();
  await rm(directory, { recursive: true, force: true });
  return booted(image, guest.hello, guest.method, guest.bootMs, guest.qemu.command);
}

function storeOf(image: KernelImage, { cache, work, accel, qemuVersionLine: qemuVersion, agent }: GuestSetup): SnapshotStore {
  const key = snapshotKey({
    kernelSha256: image.sha256,
    helperSha256: agent.sha256,
    configSha256: image.config?.sha256 ?? null,
    qemuVersion,
    machine: machineFor(accel),
  });
  return { cache, work, key };
}

/**
 * Makes a pulled kernel ready for cells.
 * @throws InfraError when it does not come up
 */
export async function makeReady(image: KernelImage, setup: GuestSetup): Promise<ReadyKernel> {
  if (image.arch !== 'x86_64') throw new InfraError(`guests of architecture ${image.arch} cannot be run yet`);
  const machine = machineFor(setup.accel);
  const kernelBoot = await bootRequest(image, setup);
  const boot = async (cell: CellRequest) => runBooted(kernelBoot, cell);
  const types = typesOf(image);
  const modules = moduleLoader(image, setup.kernelOptions);
  const configSha256 = image.config?.sha256 ?? null;
  const helperSha256 = setup.agent.sha256;
  if (setup.isolation === 'boot') {
    const result = await identify(image, kernelBoot, setup);
    return { result, configSha256, helperSha256, fromCache: false, restore: null, renew: null, boot, types, modules };
  }
  const store = storeOf(image, setup);
  const request = { ...kernelBoot, signal: setup.signal };
  const kept = await keptSnapshot(store);
  let snapshot = kept ?? (await newSnapshot(store, request));
  let renewing: Promise<void> | null = null;
  const renew = async () => {
    try {
      snapshot = await newSnapshot(store, request);
    } catch (error) {
      // The cell that asked has its verdict; the next ones try the old snapshot first.
      if (!(error instanceof InfraError)) throw error;
    }
  };
  return {
    result: booted(image, snapshot.hello, snapshot.method, snapshot.bootMs, snapshot.command),
    configSha256,
    helperSha256,
    fromCache: kept !== null,
    restore: async (cell) => runRestored(QEMU_PROGRAM, machine, snapshot, cell),
    renew: async () => (renewing ??= renew()),
    boot,
    types,
    modules,
  };
}
