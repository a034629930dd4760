// The whole file system of a guest: the agent as /init, its folders and its console.
import { writeCpio } from './cpio.ts';

const DIRECTORY = 0o40755;
const CONSOLE = { path: 'dev/console', mode: 0o20600, device: [5, 1] as const };

/** A kernel's configuration file, in which libbpf finds the values of `__kconfig` externs. */
export interface BootConfig {
  /** The kernel release, as `uname -r` prints it. */
  release: string;
  text: Uint8Array;
}

/** Static programs and the configuration of the kernel; null for what the guest does not get. */
interface Contents {
  agent: Uint8Array;
  loader?: Uint8Array | null;
  config: BootConfig | null;
}

/** An initramfs archive around the static agent binary. */
export function buildInitramfs({ agent, loader = null, config }: Contents): Uint8Array {
  const boot = config && [
    { path: 'boot', mode: DIRECTORY },
    { path: `boot/config-${config.release}`, mode: 0o100644, content: config.text },
  ];
  return writeCpio([
    { path: 'dev', mode: DIRECTORY },
    CONSOLE,
    { path: 'proc', mode: DIRECTORY },
    { path: 'sys', mode: DIRECTORY },
    { path: 'tmp', mode: DIRECTORY },
    ...(boot ?? []),
    ...(loader ? [{ path: 'loader', mode: 0o100755, content: loader }] : []),
    { path: 'init', mode: 0o100755, content: agent },
  ]);
}
