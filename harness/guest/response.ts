// Fetches the response of a guest from its mailbox, in the memory of a live QEMU.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readAnySize } from '../base/cached-file.ts';
import { InfraError } from '../base/errors.ts';
import type { Ring } from './bell.ts';
import type { Frame } from './protocol/frames.ts';
import { headerLength, RESPONSE_HEADER } from './protocol/mailbox.ts';
import { parseResponse, parseResponseHeader, type Response, type ResponseHeader } from './protocol/response.ts';
import type { QemuProcess } from './qemu.ts';

/** The mailbox of a live guest. */
export interface LiveMailbox {
  qemu: QemuProcess;
  /** Guest-physical. */
  address: bigint;
  /** In bytes. */
  size: number;
  /** A folder in which files may be written and removed. */
  directory: string;
}

/** The current header of the response; null before the guest writes one. */
export async function readHeader(mailbox: LiveMailbox): Promise<ResponseHeader | null> {
  return parseResponseHeader(await readMailbox(mailbox, RESPONSE_HEADER.offset, headerLength(RESPONSE_HEADER)));
}

/** Reads `size` bytes at an offset of the mailbox, through a file. Several reads may run at once. */
async function readMailbox({ qemu, address, directory }: LiveMailbox, offset: number, size: number): Promise<Buffer> {
  const file = join(directory, `mailbox-${randomUUID()}`);
  await qemu.qmp.execute('pmemsave', { val: Number(address) + offset, size, filename: file });
  const bytes = await readAnySize(file);
  await rm(file, { force: true });
  return bytes;
}

/**
 * The response that a ring announced, checked against its length and checksum.
 * @throws InfraError if the announced range is outside the mailbox or QEMU cannot read it
 */
export async function readResponse(mailbox: LiveMailbox, ring: Ring): Promise<Response & { header: ResponseHeader }> {
  if (ring.offset + ring.length > mailbox.size) throw new InfraError('the guest announced a response that lies outside its mailbox');
  const rung = { ...mailbox, address: ring.mailboxAddress };
  const header = await readHeader(rung);
  if (!header) throw new InfraError('the mailbox has no response header');
  const bytes = ring.length === 0 ? Buffer.alloc(0) : await readMailbox(rung, ring.offset, ring.length);
  return { ...parseResponse(bytes, ring.crc), header };
}

/** The valid frames of an incomplete response; empty if they cannot be read. */
export async function readUnfinished(mailbox: LiveMailbox, offset: number): Promise<Frame[]> {
  try {
    const header = await readHeader(mailbox);
    const size = Math.min(header?.length ?? 0, mailbox.size - offset);
    return size <= 0 ? [] : parseResponse(await readMailbox(mailbox, offset, size), null).frames;
  } catch {
    return [];
  }
}
