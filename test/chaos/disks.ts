// Small real disks for runs whose disk fills up: file systems in memory, in a mount namespace of this process alone. Root needs nothing
// for it, other users need user namespaces, which Debian allows.
import { execa } from 'execa';
import { once } from 'node:events';
import { UserError } from '../../harness/base/errors.ts';

export interface Disks {
  /** The path at which this process sees a path of a run, which may be on a disk. */
  outside: (path: string) => string;
  /** Begins a command line that sees the disks, with its working directory. */
  within: (directory: string) => readonly string[];
  /** Unmounts the disks. What is on them is lost. */
  end: () => Promise<void>;
}

/** No disks: all files are where their paths say. */
export const NO_DISKS: Disks = { outside: (path) => path, within: () => [], end: async () => {} };

const [OWN_MOUNTS, ...OTHERS] = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--user', '--map-root-user'];
const NAMESPACES = [OWN_MOUNTS, ...OTHERS];
/** More than a snapshot needs. */
const SIZE = '256m';
const SCRIPT = `for disk do mount -t tmpfs -o size=${SIZE} tmpfs "$disk" || exit 1; done; echo ready; exec cat`;

function hold(paths: readonly string[]) {
  return execa('unshare', [...NAMESPACES, 'sh', '-c', SCRIPT, 'sh', ...paths], { reject: false });
}

/** Why this user can have no small disks on this machine; null if it can. */
export async function disksRefused(): Promise<string | null> {
  const holder = hold(['/tmp']);
  holder.stdin.end();
  const { failed, stderr } = await holder;
  return failed ? `no small disks on this machine, they need root or user namespaces: ${stderr.split('\n')[0]}` : null;
}

/**
 * Mounts a small disk on each of these folders.
 * @throws UserError if this user may not mount
 */
export async function mountDisks(paths: readonly string[]): Promise<Disks> {
  const holder = hold(paths);
  const ready = await Promise.race([once(holder.stdout, 'data'), holder.then(() => null)]);
  if (ready === null) throw new UserError((await disksRefused()) ?? `cannot mount small disks: ${(await holder).stderr}`);
  const pid = String(holder.pid);
  const user = NAMESPACES.includes('--user') ? ['--user', '--preserve-credentials'] : [];
  return {
    outside: (path) => (paths.some((disk) => path.startsWith(`${disk}/`)) ? `/proc/${pid}/root${path}` : path),
    within: (directory) => ['nsenter', '--target', pid, '--mount', ...user, 'env', `--chdir=${directory}`],
    end: async () => {
      holder.stdin.end();
      await holder;
    },
  };
}
