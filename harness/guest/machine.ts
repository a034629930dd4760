// The virtual machine as QEMU options. Boot, snapshot and restore share one table, because a restored guest needs the same devices.
import type { Arch } from '../../kernels/image/inspect.ts';
import { type Accel, MACHINES } from './machines.ts';

export interface Machine {
  arch: Arch;
  accel: Accel;
  /** Guest RAM in MiB. */
  memoryMiB: number;
  /** Size of the mailbox BAR in MiB, a power of two. The backing file is sparse. */
  mailboxMiB: number;
  /** Path of a socket on which the guest waits for gdb before its first instruction. */
  gdb?: string;
}

export const DEFAULT_MACHINE = { memoryMiB: 512, mailboxMiB: 64 } as const;
/** Of guests with more memory than the default: they can also unpack more files. */
const LARGE_MAILBOX_MIB = 256;

/** Bounds of the memory of a guest, in MiB. */
export const SMALLEST_MEMORY_MIB = 256;
export const LARGEST_MEMORY_MIB = 16_384;

/** File descriptors of the QEMU process, besides stdout, which is the bell. */
export const FD = { qmp: 3, console: 4, state: 5 } as const;

/** Parameters of the kernel on every architecture. */
const KERNEL_PARAMETERS = [
  // Serial output under TCG is slow and has corrupted guests, so only warnings and errors are printed.
  'loglevel=4',
  'panic=-1',
  'oops=panic',
  // The snapshot fixes addresses anyway; both save boot time.
  'nokaslr',
  'mitigations=off',
  'cryptomgr.notests',
  // DAMON samples all memory every 5 ms, which is expensive in a restored guest under TCG.
  'damon_stat.enabled=0',
  'lsm=lockdown,capability,landlock,yama,apparmor,bpf',
];

/** Kernel and initramfs to boot. */
export interface BootSource {
  kernel: string;
  initramfs: string;
}

/** Files that back the guest's memory; private ones are mapped copy-on-write, so that a restore leaves them pristine. */
export interface MemoryFiles {
  ram: string;
  mailbox: string;
  private: boolean;
}

/** A path in an option. QEMU needs commas doubled. */
const inOption = (path: string) => path.replaceAll(',', ',,');

/**
 * Arguments of the QEMU of the machine's architecture.
 *
 * The bell is on stdout, QMP and the console (the serial port) on inherited sockets, so that no socket file is ever left behind. No network
 * device, no shared folder.
 */
export function qemuArguments(machine: Machine, memory: MemoryFiles, boot: BootSource | 'restore'): string[] {
  const share = memory.private ? 'off' : 'on';
  const model = MACHINES[machine.arch];
  const start =
    boot === 'restore'
      ? ['-incoming', 'defer']
      : ['-kernel', boot.kernel, '-initrd', boot.initramfs, '-append', [...model.parameters, ...KERNEL_PARAMETERS].join(' ')];
  return [
    ['-machine', `${model.machine},memory-backend=ram`],
    ['-accel', machine.accel],
    ['-cpu', model.processor[machine.accel]],
    ['-smp', '1'],
    ['-m', `${machine.memoryMiB}M`],
    ['-object', `memory-backend-file,id=ram,size=${machine.memoryMiB}M,mem-path=${inOption(memory.ram)},share=${share}`],
    ['-object', `memory-backend-file,id=mailbox,size=${machine.mailboxMiB}M,mem-path=${inOption(memory.mailbox)},share=${share}`],
    ['-device', 'ivshmem-plain,memdev=mailbox,master=on'],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-chardev', `socket,id=console,fd=${FD.console}`, ...model.console],
    ['-chardev', 'stdio,id=bell,signal=off', ...model.bell],
    ['-chardev', `socket,id=qmp,fd=${FD.qmp}`, '-mon', 'chardev=qmp,mode=control'],
    machine.gdb === undefined ? [] : ['-S', '-gdb', `unix:${inOption(machine.gdb)},server=on,wait=off`],
    start,
  ].flat();
}

/** The machine of a guest, for an architecture and an accelerator; all such guests differ only in their memory. */
export function machineFor(arch: Arch, accel: Accel, memoryMiB: number = DEFAULT_MACHINE.memoryMiB): Machine {
  const mailboxMiB = memoryMiB > DEFAULT_MACHINE.memoryMiB ? LARGE_MAILBOX_MIB : DEFAULT_MACHINE.mailboxMiB;
  return { arch, accel, memoryMiB, mailboxMiB };
}
