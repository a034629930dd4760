// The guest's whole file system: the helper as /init, and the folders and console it starts with.
import { writeCpio } from './cpio.ts';

const DIRECTORY = 0o40755;
const CONSOLE = { path: 'dev/console', mode: 0o20600, device: [5, 1] as const };

/** An initramfs archive around the static helper binary. */
export function buildInitramfs(helper: Uint8Array): Uint8Array {
  return writeCpio([
    { path: 'dev', mode: DIRECTORY },
    CONSOLE,
    { path: 'proc', mode: DIRECTORY },
    { path: 'sys', mode: DIRECTORY },
    { path: 'tmp', mode: DIRECTORY },
    { path: 'init', mode: 0o100755, content: helper },
  ]);
}
