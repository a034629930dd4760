// The file system of a guest for a shell: busybox, other tools of this machine, and the user's files.
import { dirname } from 'node:path';
import { type CpioEntry, writeCpio } from './cpio.ts';

export interface ShellFile {
  /** Path in the guest, without a leading slash. */
  path: string;
  bytes: Uint8Array;
  executable: boolean;
}

export interface Terminal {
  rows: number;
  columns: number;
  /** TERM. */
  type: string;
}

const DIRECTORY = 0o40755;
const FOLDERS = ['bin', 'dev', 'proc', 'sys', 'tmp', 'root'];

function initOf({ rows, columns, type }: Terminal, greeting: string): string {
  const word = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/sbin HOME=/root TERM=${word(type)} PS1="$(uname -r) \\w # "
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp
ifconfig lo up
cd /root
stty -F /dev/ttyS0 rows ${rows} cols ${columns}
echo ${word(greeting)}
setsid cttyhack sh
reboot -f
`;
}

/** All folders above a path, the outermost first. */
function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === '.' ? [] : [...foldersOf(folder), folder];
}

/**
 * An initramfs whose first process is a shell; the guest ends with it.
 * @param files busybox as bin/busybox among them
 */
export function shellInitramfs(files: readonly ShellFile[], terminal: Terminal, greeting: string): Uint8Array {
  const folders = new Set([...FOLDERS, ...files.flatMap(({ path }) => foldersOf(path))]);
  const entries = new Map<string, CpioEntry>();
  for (const path of folders) entries.set(path, { path, mode: DIRECTORY });
  entries.set('dev/console', { path: 'dev/console', mode: 0o20600, device: [5, 1] });
  for (const { path, bytes, executable } of files) entries.set(path, { path, mode: executable ? 0o100755 : 0o100644, content: bytes });
  entries.set('init', { path: 'init', mode: 0o100755, content: Buffer.from(initOf(terminal, greeting)) });
  return writeCpio([...entries.values()]);
}
