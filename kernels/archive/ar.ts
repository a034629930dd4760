// Lists the members of an `ar` archive, the format of a .deb: a magic, then members, each with a text header of 60 bytes.
import type { ReadAt } from './read-at.ts';

export interface ArMember {
  name: string;
  offset: number;
  size: number;
}

export type ArListing = { kind: 'members'; members: ArMember[] } | { kind: 'bad'; reason: string };

const MAGIC = '!<arch>\n';
const HEADER = 60;
/** A .deb has three members. Some tools add a signature. */
const MAX_MEMBERS = 32;

/**
 * Lists the members of an archive.
 * @see deb(5), "Format"
 */
export async function listAr(read: ReadAt, fileSize: number): Promise<ArListing> {
  if ((await read(0, MAGIC.length)).toString('latin1') !== MAGIC) return { kind: 'bad', reason: 'not an ar archive' };
  const members: ArMember[] = [];
  let position = MAGIC.length;
  while (position < fileSize) {
    const header = (await read(position, HEADER)).toString('latin1');
    const size = /^\d+ *$/.test(header.slice(48, 58)) ? Number(header.slice(48, 58)) : null;
    if (header.length < HEADER || header.slice(58) !== '`\n' || size === null) return { kind: 'bad', reason: 'damaged ar header' };
    const offset = position + HEADER;
    if (offset + size > fileSize) return { kind: 'bad', reason: 'the archive is cut off' };
    members.push({ name: header.slice(0, 16).trimEnd().replace(/\/$/, ''), offset, size });
    if (members.length > MAX_MEMBERS) return { kind: 'bad', reason: 'too many members' };
    position = offset + size + (size % 2);
  }
  return { kind: 'members', members };
}
