// The programs and files in a guest of `shell`.
import { access, constants } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { InfraError, messageOf } from '../base/errors.ts';
import { readUserFile } from '../base/user-file.ts';
import type { ShellFile } from '../guest/shell-files.ts';
import { librariesOf, readExecutable } from '../plan/packing/libraries.ts';

/** Debian keeps bpftool where only root's PATH looks. */
const PATH = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
/** A guest has 512 MiB of memory for everything. */
const MAX_FILE = 128 << 20;
/** The default folder of the guest's dynamic linker. */
const LIBRARIES = 'usr/lib';

async function findProgram(name: string): Promise<string | null> {
  for (const folder of PATH.filter((each) => each !== '')) {
    const file = join(folder, name);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return null;
}

/** A program of this machine with its libraries. */
async function packed(file: string): Promise<ShellFile[]> {
  const { bytes, elf } = await readExecutable(file, file);
  const libraries = await librariesOf(file, elf, { folder: LIBRARIES, extra: [], shown: file });
  return [{ path: `bin/${basename(file)}`, bytes, executable: true }, ...libraries];
}

/**
 * busybox and bpftool of this machine, with their libraries.
 * @param note gets a message if there is no bpftool
 * @throws InfraError without busybox
 */
export async function shellTools(note: (text: string) => void): Promise<ShellFile[]> {
  const busybox = await findProgram('busybox');
  if (busybox === null)
    throw new InfraError('busybox is not installed, and a guest has no other shell; on Debian, as root: apt-get install busybox-static');
  const bpftool = await findProgram('bpftool');
  if (bpftool === null) note('bpftool is not installed, so the guest has none; on Debian, as root: apt-get install bpftool');
  const files = await packed(busybox);
  // Scripts, such as one that chooses a program by kernel, are useless in the guest.
  const more = bpftool === null ? [] : await packed(bpftool).catch((error: unknown) => (note(messageOf(error)), []));
  return [...files, ...more];
}

/** The file of the user, for /root in the guest; none without one. */
export async function objectFile(path: string | undefined): Promise<ShellFile[]> {
  if (path === undefined) return [];
  const bytes = await readUserFile(path, { kind: 'a file for a guest', maxBytes: MAX_FILE });
  return [{ path: `root/${basename(path)}`, bytes, executable: false }];
}
