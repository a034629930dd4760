// Tests of the memory of a real QEMU: the range of the mailbox that can be read, and private files.
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageOf } from '../../../harness/base/errors.ts';
import { machineFor, qemuArguments } from '../../../harness/guest/machine.ts';
import { type QemuProcess, startQemu } from '../../../harness/guest/qemu.ts';
import { readResponse } from '../../../harness/guest/response.ts';
import { headerLength, MAGIC, RESPONSE_HEADER } from '../../../harness/guest/protocol/mailbox.ts';
import { bootImages } from '../../../harness/run/kernel.ts';
import { QEMU_PROGRAM } from '../../../harness/run/host.ts';
import { pulledKernel } from '../../kernels/pulled.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;

async function sparse(name: string, mebibytes: number): Promise<string> {
  const path = join(folder, name);
  const file = await open(path, 'w');
  await file.truncate(mebibytes * 2 ** 20);
  await file.close();
  return path;
}

describe('a response that a guest announces', () => {
  /** The mailbox lies in the guest's memory, where the test can write to it. */
  const ADDRESS = 1 << 20;
  const SIZE = 64 << 10;
  const OFFSET = 4096;
  let qemu: QemuProcess;

  beforeAll(async () => {
    const machine = machineFor('x86_64', 'tcg');
    const ram = await sparse('ram', machine.memoryMiB);
    const memory = { ram, mailbox: await sparse('mailbox', machine.mailboxMiB), private: false };
    qemu = startQemu(QEMU_PROGRAM, qemuArguments(machine, memory, 'restore'), signal);
    await qemu.qmp.execute('query-status');
    const header = Buffer.alloc(headerLength(RESPONSE_HEADER));
    header.writeUInt32LE(MAGIC);
    const file = await open(ram, 'r+');
    await file.write(header, 0, header.length, ADDRESS + RESPONSE_HEADER.offset);
    await file.close();
  });
  afterAll(async () => qemu.kill());

  async function answer(offset: number, length: number): Promise<string> {
    const mailbox = { qemu, address: BigInt(ADDRESS), size: SIZE, directory: folder };
    const crc = crc32(Buffer.alloc(Math.min(length, SIZE)));
    try {
      const { damage } = await readResponse(mailbox, { word: 'done', mailboxAddress: BigInt(ADDRESS), offset, length, crc });
      return damage ?? 'read';
    } catch (error) {
      return messageOf(error);
    }
  }

  test('a response can fill the mailbox to its last byte', async () => {
    expect(await answer(OFFSET, SIZE - OFFSET)).toBe('frame 0 has the unknown type 0');
    expect(await answer(SIZE, 0)).toBe('read');
  });

  test.each([
    ['ends one byte after the mailbox', OFFSET, SIZE - OFFSET + 1],
    ['begins after the mailbox', SIZE + 1, 0],
    ['claims to have 4 GiB', OFFSET, 0xff_ff_ff_ff],
    ['begins at 4 GiB', 0xff_ff_ff_ff, 16],
  ])('a response that %s is refused', async (_, offset, length) => {
    expect(await answer(offset, length)).toBe('the guest announced a response that lies outside its mailbox');
  });
});

describe('the files of the memory of a guest', () => {
  /** Bytes of both files on the disk after a guest ran for a moment: an untouched file has none. */
  async function written(isPrivate: boolean): Promise<number> {
    const machine = machineFor('x86_64', 'tcg');
    const ram = await sparse(`ram-${isPrivate}`, machine.memoryMiB);
    const mailbox = await sparse(`mailbox-${isPrivate}`, machine.mailboxMiB);
    const [image] = bootImages(await pulledKernel('debian:5.10'));
    const boot = { kernel: image?.path ?? '', initramfs: await sparse('initramfs', 1) };
    const qemu = startQemu(QEMU_PROGRAM, qemuArguments(machine, { ram, mailbox, private: isPrivate }, boot), signal);
    await qemu.qmp.execute('query-status');
    await sleep(200);
    await qemu.kill();
    return ((await stat(ram)).blocks + (await stat(mailbox)).blocks) * 512;
  }

  test('the memory files of a guest change if it will be saved, and stay unchanged if they are private', async () => {
    expect([(await written(false)) > 0, await written(true)]).toEqual([true, 0]);
  });
});
