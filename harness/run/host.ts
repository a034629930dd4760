// What this machine is and has: QEMU, processors, memory.
import { readFile } from 'node:fs/promises';
import { availableParallelism, freemem, release, totalmem, type } from 'node:os';
import { execa } from 'execa';
import { InfraError, UserError } from '../base/errors.ts';
import { startTrouble } from '../base/machine-trouble.ts';
import { cgroupMiB } from './cgroup.ts';

export const QEMU_PROGRAM = 'qemu-system-x86_64';

/** Memory one guest may come to hold on the host, in MiB: what it writes is private, what it reads is shared. */
const GUEST_MIB = 200;
/** Left for everything else. */
const SPARE_MIB = 512;

/**
 * QEMU's version, for example `7.2.22`, and the line it stands in.
 * @throws UserError when QEMU is not installed, InfraError when it does not start on this machine
 */
export async function qemuVersion(): Promise<{ version: string; line: string }> {
  const result = await execa(QEMU_PROGRAM, ['--version'], { reject: false });
  const trouble = startTrouble(result);
  if (trouble !== null) throw new InfraError(`${QEMU_PROGRAM} cannot be started: ${trouble}`);
  if (result.exitCode === undefined && result.signal === undefined)
    throw new UserError(`${QEMU_PROGRAM} is not installed; on Debian: apt-get install qemu-system-x86`);
  const [line = ''] = result.stdout.split('\n');
  const version = /version (\S+)/.exec(line)?.[1];
  if (result.failed || !version) {
    const said = result.stderr.trim().split('\n').at(-1) ?? '';
    throw new InfraError(`${QEMU_PROGRAM} --version fails: ${said || (result.signal ?? `exit status ${result.exitCode}`)}`);
  }
  return { version, line };
}

/** MiB of memory that can be used without swapping, as the kernel estimates it, and no more than a container leaves. */
export async function availableMiB(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  const machine = kib === undefined ? Math.floor(freemem() / 2 ** 20) : Math.floor(Number(kib) / 1024);
  return Math.min(machine, (await cgroupMiB()) ?? machine);
}

/** How many guests to run at a time with so much memory: one a processor, fewer when memory is short, at least one. */
export function jobsFor(processors: number, memoryMiB: number): number {
  return Math.max(1, Math.min(processors, Math.floor((memoryMiB - SPARE_MIB) / GUEST_MIB)));
}

/** How many guests to run at a time on this machine as it is now. */
export async function defaultJobs(): Promise<number> {
  return jobsFor(availableParallelism(), await availableMiB());
}

/** The facts of this host that stand in every result. */
export function hostFacts() {
  return {
    os: `${type()} ${release()}`,
    cpus: availableParallelism(),
    memoryMiB: Math.floor(totalmem() / 2 ** 20),
    node: process.versions.node,
  };
}
