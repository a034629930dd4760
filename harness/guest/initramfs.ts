// The guest's whole file system: the agent as /init, and the folders and console it starts with.
import { writeCpio } from './cpio.ts';

const DIRECTORY = 0o40755;
const CONSOLE = { path: 'dev/console', mode: 0o20600, device: [5, 1] as const };

/** A kernel's configuration as a distribution keeps it, where libbpf looks for the values of `__kconfig` externs. */
export interface BootConfig {
  /** What `uname -r` will say. */
  release: string;
  text: Uint8Array;
}

/** An initramfs archive around the static agent binary. */
export function buildInitramfs(agent: Uint8Array, config: BootConfig | null): Uint8Array {
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
    { path: 'init', mode: 0o100755, content: agent },
  ]);
}
