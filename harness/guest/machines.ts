// The machine of each architecture: all that QEMU needs to know about it is in this table.
import type { Arch } from '../../kernels/image/inspect.ts';

export type Accel = 'kvm' | 'tcg';

/** The boot method of an image: `pvh` is the uncompressed vmlinux entered directly, which skips the decompressor; `image` is arm64's. */
export type BootMethod = 'pvh' | 'bzimage' | 'image';

/** The machine of an architecture. */
interface MachineModel {
  qemuProgram: string;
  /** Value of `-machine`, without the memory. */
  machine: string;
  processor: Readonly<Record<Accel, string>>;
  /** The serial port for the kernel's messages, connected to the character device `console`. */
  console: readonly string[];
  /** The device that writes each byte of the agent's bell to the character device `bell`. */
  bell: readonly string[];
  /** Parameters of the kernel beside those of all architectures. The first names the console. */
  parameters: readonly string[];
  /** Which file of a kernel each boot method needs, the fastest method first. */
  boots: readonly (readonly [method: BootMethod, file: 'vmlinux' | 'image'])[];
}

/** The models. Boot, snapshot and restore share them, because a restored guest needs the same devices. */
export const MACHINES = {
  x86_64: {
    qemuProgram: 'qemu-system-x86_64',
    // q35 and not microvm, which crashes guests under TCG.
    machine: 'q35,usb=off,sata=off,smbus=off,vmport=off,hpet=off',
    processor: { kvm: 'host', tcg: 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes,+rdrand' },
    console: ['-device', 'isa-serial,chardev=console,index=0'],
    bell: ['-device', 'isa-debugcon,iobase=0xe9,chardev=bell'],
    parameters: [
      'console=ttyS0',
      'random.trust_cpu=on',
      'no_timer_check',
      'tsc=reliable',
      // An environment variable of the agent. QEMU emulates these instructions slowly, and the C library uses them for strings.
      'GLIBC_TUNABLES=glibc.cpu.hwcaps=-SSE4_2,-SSSE3',
    ],
    boots: [
      ['pvh', 'vmlinux'],
      ['bzimage', 'image'],
    ],
  },
  arm64: {
    qemuProgram: 'qemu-system-aarch64',
    machine: 'virt,gic-version=3',
    // Under TCG, kernels boot a second faster than with `max`.
    processor: { kvm: 'host', tcg: 'cortex-a57' },
    console: ['-serial', 'chardev:console'],
    bell: ['-device', 'pci-serial,chardev=bell'],
    parameters: ['console=ttyAMA0'],
    boots: [['image', 'image']],
  },
} as const satisfies Record<Arch, MachineModel>;
