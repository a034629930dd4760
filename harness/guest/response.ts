// Fetches the response of a guest from its mailbox, in the memory of a live QEMU.
import { readFile, rm } from 'node:fs/promises';
import { InfraError } from '../base/errors.ts';
import type { Ring } from './bell.ts';
import type { Frame } from './protocol/frames.ts';
import { headerLength, RESPONSE_HEADER } from './protocol/mailbox.ts';
import { parseResponse, parseResponseHeader, type Response, type ResponseHeader } from './protocol/response.ts';
import type { QemuProcess } from './qemu.ts';

/** The current header of the response; null before the guest writes one. */
export async function readHeader(qemu: QemuProcess, address: bigint, file: string): Promise<ResponseHeader | null> {
  return parseResponseHeader(await readMailbox(qemu, address, RESPONSE_HEADER.offset, headerLength(RESPONSE_HEADER), file));
}

/** Reads `size` bytes at an offset of the mailbox, through a file in the work folder. */
async function readMailbox(qemu: QemuProcess, address: bigint, offset: number, size: number, file: string): Promise<Buffer> {
  await qemu.qmp.execute('pmemsave', { val: Number(address) + offset, size, filename: file });
  const bytes = await readFile(file);
  await rm(file, { force: true });
  return bytes;
}

/**
 * The response that a ring announced, checked against its length and checksum.
 * @param file a path in the work folder that may be written and removed
 * @throws InfraError if the announced range is outside the mailbox or QEMU cannot read it
 */
export async function readResponse(
  qemu: QemuProcess,
  ring: Ring,
  mailboxBytes: number,
  file: string,
): Promise<Response & { header: ResponseHeader }> {
  if (ring.offset + ring.length > mailboxBytes) throw new InfraError('the guest announced a response that lies outside its mailbox');
  const header = await readHeader(qemu, ring.mailboxAddress, file);
  if (!header) throw new InfraError('the mailbox has no response header');
  const bytes = ring.length === 0 ? Buffer.alloc(0) : await readMailbox(qemu, ring.mailboxAddress, ring.offset, ring.length, file);
  return { ...parseResponse(bytes, ring.crc), header };
}

/** The valid frames of an incomplete response; empty if they cannot be read. */
export async function readUnfinished(
  qemu: QemuProcess,
  address: bigint,
  offset: number,
  mailboxBytes: number,
  file: string,
): Promise<Frame[]> {
  try {
    const header = await readHeader(qemu, address, file);
    const size = Math.min(header?.length ?? 0, mailboxBytes - offset);
    return size <= 0 ? [] : parseResponse(await readMailbox(qemu, address, offset, size, file), null).frames;
  } catch {
    return [];
  }
}
