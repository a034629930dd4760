// Reads BTF from a file: raw, a section of an ELF file, or BTFHub's archive.
import { isElf, readElfSection } from '../../kernels/image/elf-section.ts';
import { type ReadAt, withFile } from '../../kernels/archive/read-at.ts';
import { EM_BPF, readElf, sectionNamed } from '../bpf/elf/elf.ts';

/** More than any kernel's BTF has, and small enough for memory. */
const MAX_BTF = 256 << 20;
const NO_SECTION = 'it has no .BTF section (CONFIG_DEBUG_INFO_BTF)';
/** The magic number of a bzImage and its offset. See Documentation/arch/x86/boot.rst in the kernel tree. */
const SETUP_HEADER = 0x202;
const SETUP_MAGIC = 'HdrS';
const PACKED_KERNEL = 'a kernel image that must be unpacked first: name it as file:PATH instead of btf:PATH';
const OBJECT =
  'a compiled BPF object, whose BTF has the types of its programs; expected the BTF of a kernel: a vmlinux, /sys/kernel/btf/vmlinux, or a file ending in .btf';
const TOO_LARGE = `it has more than ${MAX_BTF} bytes of BTF, which is the limit`;

/** The section of any ELF file that is small enough to read whole: kernels of other machines. A BPF object is refused. */
function sectionOf(bytes: Uint8Array): Uint8Array | string {
  const read = readElf(bytes);
  if (!read.ok) return read.reason;
  return read.elf.machine === EM_BPF ? OBJECT : (sectionNamed(read.elf, '.BTF')?.bytes ?? NO_SECTION);
}

async function fromElf(read: ReadAt, size: number): Promise<Uint8Array | string> {
  const elf = await readElfSection(read, size, '.BTF');
  if (elf.kind === 'bad') return size > MAX_BTF ? elf.reason : sectionOf(await read(0, size));
  if (!elf.section) return NO_SECTION;
  return elf.section.size > MAX_BTF ? TOO_LARGE : read(elf.section.offset, elf.section.size);
}

/**
 * The BTF of a file, or the reason in one line: the file itself, the .BTF section of an ELF file, or the content of a `*.btf.tar.xz`.
 * @throws a system error if it cannot be read; InfraError if it cannot be decompressed
 */
export async function readBtfFile(path: string): Promise<Uint8Array | string> {
  return withFile(path, async (read, size) => {
    const start = await read(0, 8);
    if (/\.tar(\.\w+)?$/.test(path)) {
      const { readBtfArchive } = await import('./btf-archive.ts');
      return readBtfArchive(path, { start, size }, MAX_BTF);
    }
    if (isElf(start)) return fromElf(read, size);
    if ((await read(SETUP_HEADER, SETUP_MAGIC.length)).toString('latin1') === SETUP_MAGIC) return PACKED_KERNEL;
    return size > MAX_BTF ? TOO_LARGE : read(0, size);
  });
}
