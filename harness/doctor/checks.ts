// Checks what a run needs of this machine. Each check tries the real operation, and prints what to type if it fails.
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { debianMirrors } from '../../kernels/sources/debian/mirror.ts';
import { cachedKernels } from '../../kernels/cache/cached-kernels.ts';
import { messageOf } from '../base/errors.ts';
import { chooseAccel } from '../guest/accel.ts';
import { bootGuest } from '../guest/boot.ts';
import { machineFor } from '../guest/machine.ts';
import type { Accel } from '../guest/machines.ts';
import { hasSandbox } from '../guest/sandbox.ts';
import { type GuestAgent, prepareInitramfs } from '../guest/agent.ts';
import { IS_CHECKOUT } from '../base/package-root.ts';
import { availableMiB, defaultJobs, QEMU_PROGRAM, qemuVersion, systemTrouble } from '../run/host.ts';
import { bootImages } from '../run/kernel.ts';
import { makeWorkFolder } from '../run/work-folder.ts';
import { ensureAgent } from '../setup/agent.ts';
import { ownManager, typedCommand } from '../setup/distribution.ts';
import { missingPackages, namesFor } from '../setup/packages.ts';
import { type Finding, ok } from './finding.ts';
import { judgeQemu } from './qemu-faults.ts';

const MIB = 1 << 20;
const ANSWER_MS = 10_000;
const BOOT_MS = 60_000;
/** An unpacked kernel with its snapshot. */
const KERNEL_MIB = 200;

async function checkPrograms(): Promise<Finding> {
  const missing = await missingPackages(IS_CHECKOUT ? 'checkout' : 'use');
  if (missing.length === 0) return ok('programs', 'all needed programs are installed');
  const manager = await ownManager();
  const names = namesFor(missing, manager);
  const advice = manager === null ? 'corematrix setup' : `corematrix setup, or as root: ${typedCommand(manager, names)}`;
  return { what: 'programs', state: 'broken', found: `missing: ${missing.map(({ purpose }) => purpose).join('; ')}`, advice };
}

async function checkQemu(): Promise<Finding[]> {
  try {
    const { version } = await qemuVersion();
    const sandbox: Finding = (await hasSandbox(QEMU_PROGRAM))
      ? ok('sandbox', "QEMU's seccomp sandbox confines guests")
      : {
          what: 'sandbox',
          state: 'warning',
          found: 'this QEMU was built without seccomp',
          advice: "guests run without it; Debian's QEMU has it",
        };
    return [judgeQemu(version), sandbox];
  } catch (error) {
    return [{ what: 'QEMU', state: 'broken', found: messageOf(error), advice: 'corematrix setup' }];
  }
}

async function checkMemory(): Promise<Finding> {
  const free = await availableMiB();
  const jobs = await defaultJobs();
  const found = `${free} MiB can be used: ${jobs} guest${jobs === 1 ? '' : 's'} at a time`;
  if (free >= 1024) return ok('memory', found);
  return { what: 'memory', state: free < 700 ? 'broken' : 'warning', found, advice: 'a guest needs about 700 MiB to start' };
}

/** Free space at the place of a folder, in MiB. */
async function freeMiB(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return Math.floor((bavail * bsize) / MIB);
  } catch (error) {
    if (dirname(folder) === folder) throw error;
    return freeMiB(dirname(folder));
  }
}

async function checkDisk(what: string, folder: string, needMiB: number, advice: string): Promise<Finding> {
  const free = await freeMiB(folder);
  if (free >= needMiB) return ok(what, `${free} MiB free in ${folder}`);
  return { what, state: free < needMiB / 4 ? 'broken' : 'warning', found: `only ${free} MiB free in ${folder}`, advice };
}

async function checkMirror(mirrors: readonly string[] | undefined): Promise<Finding> {
  const advice = 'kernels in the cache can be used without it; --mirror URL or COREMATRIX_DEBIAN_MIRROR=URL names another';
  try {
    const [mirror] = await debianMirrors(mirrors);
    const started = performance.now();
    const response = await fetch(`${mirror?.base}/dists/`, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'follow' });
    await response.body?.cancel();
    if (response.status >= 500) return { what: 'mirror', state: 'warning', found: `${mirror?.base} answers ${response.status}`, advice };
    return ok('mirror', `${mirror?.base} answers in ${Math.round(performance.now() - started)} ms`);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return { what: 'mirror', state: 'warning', found: `${messageOf(error)}${cause}`, advice };
  }
}

/** Any trusted kernel in the cache, as paths. */
async function cachedKernel(cache: string): Promise<Parameters<typeof bootImages>[0] | null> {
  const stored = (await cachedKernels(cache)).find(({ arch }) => arch === 'x86_64');
  if (!stored) return null;
  const { directory, vmlinux, image } = stored;
  return { arch: stored.arch, vmlinux: vmlinux ? join(directory, 'vmlinux') : null, image: image ? join(directory, 'image') : null };
}

async function checkAgent(mirrors: readonly string[] | undefined): Promise<{ finding: Finding; agent: GuestAgent | null }> {
  try {
    const agent = await ensureAgent({ onNote: () => {}, mirrors });
    return { finding: ok('guest agent', `built, with libbpf ${agent.libbpf} (${agent.libbpfOrigin})`), agent };
  } catch (error) {
    return { finding: { what: 'guest agent', state: 'broken', found: messageOf(error), advice: 'corematrix setup' }, agent: null };
  }
}

/** Boots a cached kernel as runs do, under KVM if it works. */
async function checkGuests(cache: string, agent: GuestAgent, signal: AbortSignal): Promise<Finding[]> {
  const kernel = await cachedKernel(cache);
  if (!kernel) {
    const advice = 'corematrix kernels pull debian:6.12';
    return [{ what: 'guests', state: 'warning', found: 'not tried: the cache has no kernel', advice }];
  }
  const folder = await makeWorkFolder();
  const work = folder.path;
  try {
    const probe = { qemuProgram: QEMU_PROGRAM, images: bootImages(kernel), initramfs: await prepareInitramfs(agent, null, work), signal };
    const choice = await chooseAccel('auto', {
      ...probe,
      qemuVersion: (await qemuVersion()).line,
      outcomeFile: join(work, 'accel.json'),
      directory: join(work, 'kvm'),
    });
    const speed: Finding =
      choice.accel === 'kvm'
        ? ok('KVM', choice.reason)
        : { what: 'KVM', state: 'warning', found: choice.reason, advice: 'nothing: guests are emulated instead' };
    return [speed, await bootOnce(choice.accel, probe, work)];
  } finally {
    await folder.remove();
  }
}

async function bootOnce(
  accel: Accel,
  probe: Omit<Parameters<typeof bootGuest>[0], 'machine' | 'directory' | 'timeoutMs'>,
  work: string,
): Promise<Finding> {
  try {
    const guest = await bootGuest({ ...probe, machine: machineFor('x86_64', accel), directory: join(work, 'guest'), timeoutMs: BOOT_MS });
    await guest.qemu.kill();
    return ok('guests', `${guest.hello.release} booted in ${(guest.bootMs / 1000).toFixed(1)} s with ${accel}`);
  } catch (error) {
    probe.signal.throwIfAborted();
    return { what: 'guests', state: 'broken', found: messageOf(error), advice: 'run it again with another kernel in the cache' };
  }
}

/** Runs all checks in the order of their dependencies, and reports each result at once. */
export async function examine(
  { cache, mirrors, signal }: { cache: string; mirrors: readonly string[] | undefined; signal: AbortSignal },
  onFinding: (finding: Finding) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const tell = (...found: Finding[]) => {
    for (const finding of found) onFinding(finding);
    findings.push(...found);
  };
  tell(ok('Node', process.version));
  const trouble = systemTrouble();
  if (trouble !== null) {
    tell({ what: 'system', state: 'broken', found: trouble, advice: null });
    return findings;
  }
  tell(await checkPrograms());
  tell(...(await checkQemu()));
  tell(await checkMemory());
  tell(await checkDisk('cache', cache, 10 * KERNEL_MIB, 'corematrix kernels prune, or set COREMATRIX_CACHE to another folder'));
  tell(await checkDisk('temporary files', tmpdir(), 4 * KERNEL_MIB, 'set TMPDIR to another folder'));
  tell(await checkMirror(mirrors));
  const { finding, agent } = await checkAgent(mirrors);
  tell(finding);
  if (agent && findings.every(({ what, state }) => what !== 'QEMU' || state !== 'broken'))
    tell(...(await checkGuests(cache, agent, signal)));
  return findings;
}
