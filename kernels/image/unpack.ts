// Unpacks a kernel image into the forms that can boot, its BTF and its facts.
import { createHash } from 'node:crypto';
import { copyFile, constants, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { streamOf } from '../../harness/base/cached-file.ts';
import { InfraError } from '../../harness/base/errors.ts';
import { compressionOf } from '../archive/compression.ts';
import { decompress } from '../archive/decompress.ts';
import type { BzImage } from './bzimage.ts';
import { readElfSection } from './elf-section.ts';
import { KERNEL_FILES, type KernelFacts } from './facts.ts';
import { inspectImage } from './inspect.ts';
import { type ReadAt, withFile } from '../archive/read-at.ts';
import { findBtf } from './scan.ts';

const MAX_VMLINUX = 2 ** 30;
const MAX_BTF = 256 << 20;

async function save(plain: Readable, target: string, label: string): Promise<number> {
  const handle = await open(target, 'wx');
  let size = 0;
  try {
    for await (const chunk of plain) {
      size += chunk.length;
      if (size > MAX_VMLINUX) throw new InfraError(`${label}: it unpacks to more than ${MAX_VMLINUX} bytes`);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  return size;
}

/**
 * Unpacks the vmlinux inside a bzImage. The kernel's build appends the unpacked size in four bytes, except for gzip, which stores the size itself.
 * @see size_append in scripts/Makefile.lib of the kernel
 */
async function unpackPayload({ payload }: BzImage, source: string, target: string, label: string): Promise<void> {
  return withFile(source, async (read) => {
    const format = compressionOf(await read(payload.offset, 8));
    if (!format) throw new InfraError(`${label}: the compression of its vmlinux is unknown`);
    const appended = format === 'gzip' ? 0 : 4;
    const end = payload.offset + payload.length;
    const input = await streamOf(source, { start: payload.offset, end: end - appended - 1 });
    const packed = { input, size: payload.length - appended };
    const size = await decompress(format, packed, label, async (plain) => save(plain, target, label));
    const expected = (await read(end - 4, 4)).readUInt32LE(0);
    if (size % 2 ** 32 !== expected) throw new InfraError(`${label}: its vmlinux has ${size} bytes, expected ${expected}`);
  });
}

async function locateBtf(read: ReadAt, size: number, isFlat: boolean, label: string) {
  if (isFlat) return findBtf(read, size);
  const elf = await readElfSection(read, size, '.BTF');
  if (elf.kind === 'bad') throw new InfraError(`${label}: its vmlinux is damaged: ${elf.reason}`);
  return elf.section;
}

async function saveBtf(source: string, isFlat: boolean, target: string, label: string): Promise<KernelFacts['btf']> {
  return withFile(source, async (read, fileSize) => {
    const found = await locateBtf(read, fileSize, isFlat, label);
    if (!found || found.size === 0) return null;
    if (found.size > MAX_BTF) throw new InfraError(`${label}: its BTF has ${found.size} bytes`);
    const btf = await read(found.offset, found.size);
    if (btf.length < 24 || btf.readUInt16LE(0) !== 0xeb9f) throw new InfraError(`${label}: its BTF is damaged`);
    await writeFile(target, btf);
    return { size: btf.length, sha256: createHash('sha256').update(btf).digest('hex') };
  });
}

/**
 * Fills a kernel's folder from an image: `image` or `vmlinux` or both, `btf` if the kernel has BTF, and `kernel.json`.
 * @param source the original image; it is copied
 * @param sha256 its digest
 * @param label its name in errors
 * @throws InfraError if it is not a kernel or is damaged
 */
export async function unpackKernel(source: string, sha256: string, directory: string, label: string): Promise<KernelFacts> {
  const inspection = await withFile(source, inspectImage);
  if (inspection.kind === 'bad') throw new InfraError(`${label}: not a kernel image: ${inspection.reason}`);
  const isElf = inspection.form === 'vmlinux';
  const delivered = join(directory, isElf ? KERNEL_FILES.vmlinux : KERNEL_FILES.image);
  await copyFile(source, delivered, constants.COPYFILE_FICLONE);
  const vmlinux = join(directory, KERNEL_FILES.vmlinux);
  if (inspection.form === 'bzimage') {
    await unpackPayload(inspection.image, delivered, vmlinux, label);
  }
  const isFlat = inspection.form === 'image';
  const btf = await saveBtf(isFlat ? delivered : vmlinux, isFlat, join(directory, KERNEL_FILES.btf), label);
  const { arch, release, version } = inspection;
  const facts = { format: 1, sha256, arch, release, version, vmlinux: !isFlat, image: !isElf, btf } as const satisfies KernelFacts;
  await writeFile(join(directory, KERNEL_FILES.facts), `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}
