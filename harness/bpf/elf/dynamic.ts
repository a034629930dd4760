// The demands of an executable or a shared library on the dynamic linker.
import type { Elf } from './elf.ts';
import { sectionNamed, stringAt } from './elf.ts';

export interface DynamicNeeds {
  /** Path of the program that starts it (PT_INTERP); null for a static executable and for most libraries. */
  interpreter: string | null;
  /** Names of the libraries it needs (DT_NEEDED), in its order. */
  needed: string[];
  /** Folders to search only these libraries in (DT_RUNPATH); `$ORIGIN` and `$LIB` are not expanded. */
  runpath: string[];
  /** Folders to search also the libraries of these libraries in (DT_RPATH); empty if there is a DT_RUNPATH, which replaces it. */
  rpath: string[];
}

const SHT_DYNAMIC = 6;
const DT = { null: 0n, needed: 1n, rpath: 15n, runpath: 29n } as const;
const ENTRY = 16;
const MAX_ENTRIES = 4096;

/**
 * Reads the dynamic section of an ELF file. A static file has no demands.
 * @see elf(5), ld.so(8)
 */
export function dynamicNeeds(elf: Elf): DynamicNeeds {
  const interpreter = sectionNamed(elf, '.interp')?.bytes;
  const section = elf.sections.find(({ type }) => type === SHT_DYNAMIC);
  const strings = elf.sections[section?.link ?? -1]?.bytes ?? new Uint8Array();
  const found: Record<'needed' | 'rpath' | 'runpath', string[]> = { needed: [], rpath: [], runpath: [] };
  const bytes = section?.bytes ?? new Uint8Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + ENTRY <= bytes.length && at < MAX_ENTRIES * ENTRY; at += ENTRY) {
    const tag = view.getBigUint64(at, elf.littleEndian);
    if (tag === DT.null) break;
    const text = stringAt(strings, Number(view.getBigUint64(at + 8, elf.littleEndian)));
    if (tag === DT.needed) found.needed.push(text);
    if (tag === DT.rpath) found.rpath.push(...text.split(':'));
    if (tag === DT.runpath) found.runpath.push(...text.split(':'));
  }
  return {
    interpreter: interpreter ? stringAt(interpreter, 0) : null,
    needed: found.needed,
    runpath: found.runpath,
    rpath: found.runpath.length > 0 ? [] : found.rpath,
  };
}
