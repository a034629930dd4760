// The facts of this machine: QEMU, processors, memory.
import { readFile } from 'node:fs/promises';
import { availableParallelism, freemem, release, totalmem, type } from 'node:os';
import { InfraError } from '../base/errors.ts';
import { MACHINES } from '../guest/machines.ts';
import { isMissing, runProgram } from '../base/program.ts';
import { cgroupMiB } from './cgroup.ts';

export const QEMU_PROGRAM = MACHINES.x86_64.qemuProgram;

const SYSTEM_NAMES: Readonly<Record<string, string>> = { darwin: 'macOS', win32: 'Windows' };

/** Why this system cannot boot guests, and which commands work here; null if it can. */
export function systemTrouble(platform: string = process.platform): string | null {
  if (platform === 'linux') return null;
  const name = SYSTEM_NAMES[platform] ?? platform;
  return `guests need Linux and QEMU, and this is ${name}; here, "corematrix predict", "explain", "types", "report" and "merge" work`;
}

/** Memory of the host that one guest may use, in MiB: pages that it writes are private, pages that it only reads are shared. */
const GUEST_MIB = 200;
/** Memory for everything else, in MiB. */
const SPARE_MIB = 512;

/**
 * QEMU's version, for example `7.2.22`, and the line that contains it.
 * @throws InfraError if QEMU is not installed, or does not answer on this machine
 */
export async function qemuVersion(): Promise<{ version: string; line: string }> {
  const result = await runProgram([QEMU_PROGRAM, '--version'], { stdin: 'ignore' });
  if (isMissing(result)) throw new InfraError(`${QEMU_PROGRAM} is not installed; "corematrix setup" installs it`);
  const [line = ''] = result.stdout.split('\n');
  const version = /version (\S+)/.exec(line)?.[1];
  if (result.failed || !version) {
    const said = result.stderr.trim().split('\n').at(-1) ?? '';
    throw new InfraError(`${QEMU_PROGRAM} --version fails: ${said || (result.signal ?? `exit status ${result.exitCode}`)}`);
  }
  return { version, line };
}

/** The MiB of memory that can be used without swapping, by the kernel's estimate, and within the limit of a container. */
export async function availableMiB(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  const machine = kib === undefined ? Math.floor(freemem() / 2 ** 20) : Math.floor(Number(kib) / 1024);
  return Math.min(machine, (await cgroupMiB()) ?? machine);
}

/** The number of guests at a time for an amount of memory: as many as wanted, fewer if memory is short, at least one. */
export function jobsFor(wanted: number, memoryMiB: number): number {
  return Math.max(1, Math.min(wanted, Math.floor((memoryMiB - SPARE_MIB) / GUEST_MIB)));
}

/** The number of guests at a time on this machine with its current free memory: at most one for each processor. */
export async function defaultJobs(): Promise<number> {
  return jobsFor(availableParallelism(), await availableMiB());
}

/** The facts of this host for the results. */
export function hostFacts() {
  return {
    os: `${type()} ${release()}`,
    cpus: availableParallelism(),
    memoryMiB: Math.floor(totalmem() / 2 ** 20),
    node: process.versions.node,
  };
}
