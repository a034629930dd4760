// Finds the BPF object in a tool that was built with a libbpf skeleton, which keeps the bytes of the ELF file in .rodata.
import { EM_BPF } from '../../harness/bpf/elf/elf.ts';

const HEADER = 64;
/** The first bytes of a 64-bit little-endian ELF file. */
const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);

/**
 * The embedded BPF object; null if there is none. The section headers are the end of an object, as compilers and libbpf's linker write it.
 * @see elf(5)
 */
export function embeddedObject(tool: Buffer): Buffer | null {
  for (let start = tool.indexOf(MAGIC, 1); start >= 0 && start + HEADER <= tool.length; start = tool.indexOf(MAGIC, start + 1)) {
    if (tool.readUInt16LE(start + 18) !== EM_BPF) continue;
    const sections = Number(tool.readBigUInt64LE(start + 40));
    const end = start + sections + tool.readUInt16LE(start + 58) * tool.readUInt16LE(start + 60);
    if (end <= tool.length) return tool.subarray(start, end);
  }
  return null;
}
