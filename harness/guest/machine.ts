// The virtual machine as QEMU options. Boot, snapshot and restore share one table, because a restored guest needs the same devices.

export type Accel = 'kvm' | 'tcg';

export interface Machine {
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

/** I/O port of the bell: QEMU writes the agent's output on it to stdout. */
const BELL_PORT = '0xe9';

/** File descriptors of the QEMU process, besides stdout, which is the bell. */
export const FD = { qmp: 3, console: 4, state: 5 } as const;

const KERNEL_COMMAND_LINE = [
  'console=ttyS0',
  // Serial output under TCG is slow and has corrupted guests, so only warnings and errors are printed.
  'loglevel=4',
  'panic=-1',
  'oops=panic',
  // The snapshot fixes addresses anyway; both save boot time.
  'nokaslr',
  'mitigations=off',
  'cryptomgr.notests',
  'random.trust_cpu=on',
  'no_timer_check',
  'tsc=reliable',
  // DAMON samples all memory every 5 ms, which is expensive in a restored guest under TCG.
  'damon_stat.enabled=0',
  // An environment variable of the agent. QEMU emulates these instructions slowly, and the C library uses them for strings.
  'GLIBC_TUNABLES=glibc.cpu.hwcaps=-SSE4_2,-SSSE3',
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

const processor = { kvm: 'host', tcg: 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes,+rdrand' } as const satisfies Record<Accel, string>;

/**
 * Arguments of qemu-system-x86_64.
 *
 * q35 and not microvm, which crashes guests under TCG. The bell is on stdout, QMP and the console (the serial port) on inherited
 * sockets, so that no socket file is ever left behind. No network device, no shared folder.
 */
export function qemuArguments(machine: Machine, memory: MemoryFiles, boot: BootSource | 'restore'): string[] {
  const share = memory.private ? 'off' : 'on';
  const start =
    boot === 'restore'
      ? ['-incoming', 'defer']
      : ['-kernel', boot.kernel, '-initrd', boot.initramfs, '-append', KERNEL_COMMAND_LINE.join(' ')];
  return [
    ['-machine', 'q35,memory-backend=ram,usb=off,sata=off,smbus=off,vmport=off,hpet=off'],
    ['-accel', machine.accel],
    ['-cpu', processor[machine.accel]],
    ['-smp', '1'],
    ['-m', `${machine.memoryMiB}M`],
    ['-object', `memory-backend-file,id=ram,size=${machine.memoryMiB}M,mem-path=${inOption(memory.ram)},share=${share}`],
    ['-object', `memory-backend-file,id=mailbox,size=${machine.mailboxMiB}M,mem-path=${inOption(memory.mailbox)},share=${share}`],
    ['-device', 'ivshmem-plain,memdev=mailbox,master=on'],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-chardev', `socket,id=console,fd=${FD.console}`, '-device', 'isa-serial,chardev=console,index=0'],
    ['-chardev', 'stdio,id=bell,signal=off', '-device', `isa-debugcon,iobase=${BELL_PORT},chardev=bell`],
    ['-chardev', `socket,id=qmp,fd=${FD.qmp}`, '-mon', 'chardev=qmp,mode=control'],
    machine.gdb === undefined ? [] : ['-S', '-gdb', `unix:${inOption(machine.gdb)},server=on,wait=off`],
    start,
  ].flat();
}

/** The machine of a guest, for an accelerator; all guests differ only in their memory. */
export function machineFor(accel: Machine['accel'], memoryMiB: number = DEFAULT_MACHINE.memoryMiB): Machine {
  const mailboxMiB = memoryMiB > DEFAULT_MACHINE.memoryMiB ? LARGE_MAILBOX_MIB : DEFAULT_MACHINE.mailboxMiB;
  return { accel, memoryMiB, mailboxMiB };
}
