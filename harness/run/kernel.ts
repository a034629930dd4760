// Makes one kernel of the matrix ready for its cells: with a snapshot, or prepared for boots.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Trust } from '../../kernels/trust/trust.ts';
import type { KernelImage } from '../../kernels/pull.ts';
import type { KernelIdentity } from '../../kernels/sources/source.ts';
import { InfraError } from '../base/errors.ts';
import { type BootImage, type BootMethod, bootGuest, type BootRequest } from '../guest/boot.ts';
import { type CellRequest, type GuestResult, runBooted, runRestored } from '../guest/cell.ts';
import type { Accel } from '../guest/machine.ts';
import { machineFor, snapshotKey } from '../guest/snapshot.ts';
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
export function bootImages(image: Pick<KernelImage, 'vmlinux' | 'image'>): BootImage[] {
  const methods: [BootMethod, string | null][] = [
    ['pvh', image.vmlinux],
    ['bzimage', image.image],
  ];
  return methods.flatMap(([method, path]) => (path === null ? [] : [{ method, path }]));
}

type KernelBoot = Omit<BootRequest, 'directory' | 'signal'>;

async function bootRequest(image: KernelImage, setup: GuestSetup): Promise<KernelBoot> {
  const gdb = setup.request.keep?.gdb;
  return {
    qemuProgram: QEMU_PROGRAM,
    machine: { ...machineFor(setup.accel, setup.memoryMiB), ...(gdb && { gdb }) },
    images: bootImages(image),
    initramfs: await prepareInitramfs(setup.agent, image, setup.work),
    timeoutMs: setup.bootLimitMs,
  };
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
    machine: machineFor(accel, memoryMiB),
  });
  return { cache: request.cache, work, key };
}

/**
 * Makes a pulled kernel ready for cells.
 * @throws InfraError if it does not boot
 */
export async function makeReady(image: KernelImage, setup: GuestSetup): Promise<ReadyKernel> {
  if (image.arch !== 'x86_64') throw new InfraError(`guests of architecture ${image.arch} are not supported yet`);
  const machine = machineFor(setup.accel, setup.memoryMiB);
  const kernelBoot = await bootRequest(image, setup);
  const boot = async (cell: CellRequest) => runBooted(kernelBoot, cell);
  const types = typesOf(image);
  const modules = moduleLoader(image, setup.request.kernelOptions);
  const configSha256 = image.config?.sha256 ?? null;
  const agentSha256 = setup.agent.sha256;
  if (setup.request.isolation === 'boot') {
    const result = await identify(image, kernelBoot, setup);
    return { result, configSha256, agentSha256, fromCache: false, restore: null, renew: null, boot, types, modules };
  }
  const store = storeOf(image, setup);
  const request = { ...kernelBoot, signal: setup.signal };
  const kept = await keptSnapshot(store);
  let snapshot = kept ?? (await newSnapshot(store, request));
  let renewing: Promise<void> | null = null;
  const renew = async () => {
    try {
      snapshot = await newSnapshot(store, request, snapshot);
    } catch (error) {
      // The current cell has its verdict. The next cells try the old snapshot first.
      if (!(error instanceof InfraError)) throw error;
    }
  };
  return {
    result: bootedResult(image, snapshot),
    configSha256,
    agentSha256,
    fromCache: kept !== null,
    restore: async (cell) => runRestored(QEMU_PROGRAM, machine, snapshot, cell),
    renew: async () => (renewing ??= renew()),
    boot,
    types,
    modules,
  };
}
