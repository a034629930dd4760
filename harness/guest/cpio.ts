// Writes a cpio archive in the "newc" format, from which the kernel unpacks its initramfs.
import { Buffer } from 'node:buffer';

export interface CpioEntry {
  /** Path without a leading slash. */
  path: string;
  /** File type and permission bits, as in stat(2). */
  mode: number;
  content?: Uint8Array;
  /** Major and minor number of a device node. */
  device?: readonly [number, number];
}

const TRAILER: CpioEntry = { path: 'TRAILER!!!', mode: 0 };

function padTo(multiple: number, length: number): Buffer {
  return Buffer.alloc((multiple - (length % multiple)) % multiple);
}

function header(entry: CpioEntry, inode: number): Buffer {
  const name = Buffer.from(`${entry.path}\0`);
  const [major, minor] = entry.device ?? [0, 0];
  const size = entry.content?.length ?? 0;
  const links = entry === TRAILER ? 0 : 1;
  const fields = [inode, entry.mode, 0, 0, links, 0, size, 0, 0, major, minor, name.length, 0];
  const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([head, name, padTo(4, head.length + name.length)]);
}

/**
 * Packs entries into one archive. The result depends on the entries only: owner root, time 0, inodes counted.
 * Directories must come before their content.
 * @see Documentation/driver-api/early-userspace/buffer-format.rst in the kernel tree
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const [index, entry] of [...entries, TRAILER].entries()) {
    const content = Buffer.from(entry.content ?? []);
    parts.push(header(entry, index + 1), content, padTo(4, content.length));
  }
  const archive = Buffer.concat(parts);
  return Buffer.concat([archive, padTo(512, archive.length)]);
}
