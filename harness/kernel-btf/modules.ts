// Types of kernel modules, from /sys/kernel/btf or from module files, on top of the types of their kernel.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import pLimit from 'p-limit';
import { isElf } from '../../kernels/image/elf-section.ts';
import { withFile } from '../../kernels/archive/read-at.ts';
import { compressionOf } from '../../kernels/archive/compression.ts';
import { decompress } from '../../kernels/archive/decompress.ts';
import { relocateBtf } from '../bpf/btf/distilled.ts';
import { type Btf, type BtfResult, readBtf, typeWord } from '../bpf/btf/btf.ts';
import { fieldsOf } from '../bpf/btf/fields.ts';
import { indexNames, type NameIndex } from '../bpf/btf/names.ts';
import { readElf, sectionNamed } from '../bpf/elf/elf.ts';
import { streamOf } from '../base/cached-file.ts';
import { messageOf } from '../base/errors.ts';
import type { KernelModule, UnreadableModule } from '../core-relo/candidates.ts';

export interface ModuleFile {
  /** The module's name in the kernel: `nf_conntrack`. */
  name: string;
  path: string;
}

/** A note about a module. */
export interface ModuleNotice {
  text: string;
  /** Whether it affects no result. */
  harmless: boolean;
  /** A module with unreadable types; null for a module without types. */
  unreadable: UnreadableModule | null;
}

const MODULE_FILE = /\.ko(\.(gz|xz|zst))?$/;
/** More than any module has, and small enough for memory. */
const MAX_MODULE = 256 << 20;
const MAX_MODULES = 20_000;
const AT_A_TIME = 4;

/**
 * The modules of a folder by name: BTF files as in /sys/kernel/btf, and `*.ko` files at any depth, compressed or not.
 * @param vmlinux the file of the kernel itself
 * @throws a system error if the folder cannot be read
 */
export async function modulesIn(folder: string, vmlinux: string): Promise<ModuleFile[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => {
    if (!entry.isFile() || entry.name === vmlinux) return false;
    return MODULE_FILE.test(entry.name) || (entry.parentPath === folder && !entry.name.includes('.'));
  });
  const modules = files.map(({ name, parentPath }) => {
    return { name: name.replace(MODULE_FILE, '').replaceAll('-', '_'), path: join(parentPath, name) };
  });
  return modules.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_MODULES);
}

async function wholeOf(plain: Readable): Promise<Buffer | string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of plain as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_MODULE) return `it has more than ${MAX_MODULE} bytes, the limit for a module`;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The uncompressed bytes of a file, or the reason in one line. */
export async function readPlain(path: string): Promise<Buffer | string> {
  const { start, size } = await withFile(path, async (read, bytes) => ({ start: await read(0, 8), size: bytes }));
  const format = compressionOf(start);
  const input = await streamOf(path);
  return format ? decompress(format, { input, size }, 'it', wholeOf) : wholeOf(input);
}

/** The BTF of a module, and its distilled base if it has one. */
interface Sections {
  types: Uint8Array;
  base: Uint8Array | null;
}

/** Null for a module built without BTF: the kernel has no types of it either. */
function sectionsOf(bytes: Buffer): Sections | null | string {
  if (!isElf(bytes)) return { types: bytes, base: null };
  const read = readElf(bytes);
  if (!read.ok) return read.reason;
  const types = sectionNamed(read.elf, '.BTF');
  return types ? { types: types.bytes, base: sectionNamed(read.elf, '.BTF.base')?.bytes ?? null } : null;
}

/** Whether BTF refers to missing ids, because it was made for another kernel. */
function leadsNowhere(btf: Btf): string | null {
  const strings = btf.stringStart + btf.strings.length;
  for (let id = btf.startId; id < btf.endId; id++) {
    const info = typeWord(btf, id, 1);
    const { types, names } = fieldsOf((info >>> 24) & 0x7f, info & 0xffffff);
    const isWhole = types.every((at) => typeWord(btf, id, at) < btf.endId) && names.every((at) => typeWord(btf, id, at) < strings);
    if (!isWhole) return "it was not made for this kernel's BTF";
  }
  return null;
}

function onKernel({ types, base }: Sections, vmlinux: NameIndex): BtfResult {
  if (base === null) {
    const read = readBtf(types, vmlinux.btf);
    const problem = read.ok ? leadsNowhere(read.btf) : null;
    return problem === null ? read : { ok: false, reason: problem };
  }
  const distilled = readBtf(base);
  if (!distilled.ok) return distilled;
  const split = readBtf(types, distilled.btf);
  return split.ok ? relocateBtf(split.btf, vmlinux) : split;
}

/**
 * The types of a module on top of those of its kernel.
 * @param bytes BTF, or a module file
 * @returns null for a module that was built without BTF; the reason if its BTF cannot be read
 */
export function moduleBtf(bytes: Buffer, vmlinux: NameIndex): Btf | null | string {
  const sections = sectionsOf(bytes);
  if (sections === null || typeof sections === 'string') return sections;
  const read = onKernel(sections, vmlinux);
  return read.ok ? read.btf : read.reason;
}

async function readModule({ name, path }: ModuleFile, vmlinux: NameIndex): Promise<KernelModule | ModuleNotice | null> {
  const failed = (reason: string): ModuleNotice => {
    return { text: `${path}: ${reason}; the module is skipped`, harmless: false, unreadable: { name, reason } };
  };
  const bytes = await readPlain(path).catch((error: unknown) => messageOf(error));
  if (typeof bytes === 'string') return failed(bytes);
  const btf = moduleBtf(bytes, vmlinux);
  if (btf === null) return null;
  if (typeof btf === 'string') return failed(btf);
  if (btf.starts.length === 0) {
    // Wrongly built modules have only a header.
    const unreadable = btf.strings.length === 0 ? { name, reason: 'its string section is empty' } : null;
    return { text: `${path}: its BTF has no types; the module counts as one without BTF`, harmless: true, unreadable };
  }
  return { name, index: indexNames(btf) };
}

/**
 * Reads modules on top of the types of their kernel, in the given order. Modules without BTF are skipped, and unreadable ones,
 * each with a notice.
 */
export async function readModules(
  files: readonly ModuleFile[],
  vmlinux: NameIndex,
): Promise<{ modules: KernelModule[]; notices: ModuleNotice[] }> {
  const limit = pLimit(AT_A_TIME);
  const read = await Promise.all(files.map(async (file) => limit(async () => readModule(file, vmlinux))));
  const modules: KernelModule[] = [];
  const notices: ModuleNotice[] = [];
  for (const each of read) {
    if (each && 'index' in each) modules.push(each);
    else if (each) notices.push(each);
  }
  return { modules, notices };
}
