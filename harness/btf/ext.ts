// Reads .BTF.ext: line information and CO-RE relocations, by section of the object.
import { type Btf, btfString } from './btf.ts';

/** A record of source position; offsets are bytes from the start of the section. */
export interface LineInfo {
  insnOffset: number;
  file: string;
  text: string;
  line: number;
}

/** One CO-RE relocation as it was recorded. */
export interface CoreRelo {
  insnOffset: number;
  typeId: number;
  access: string;
  kind: number;
}

export interface BtfExt {
  /** By section name, in the order of the file. */
  lines: Map<string, LineInfo[]>;
  relocations: Map<string, CoreRelo[]>;
}

export type BtfExtResult = { ok: true; ext: BtfExt } | { ok: false; reason: string };

const MAGIC = 0xeb9f;
const MIN_HEADER = 24;
const CORE_HEADER = 32;
const RECORD_MINIMUM = 16;

/** Walks the records of one subsection; null when its sizes do not fit. Records may be longer than known. */
function readRecords<T>(view: DataView, btf: Btf, start: number, length: number, read: (at: number) => T): Map<string, T[]> | null {
  const sections = new Map<string, T[]>();
  if (length === 0) return sections;
  const end = start + length;
  if (length < 4 || end > view.byteLength) return null;
  const little = btf.littleEndian;
  const recordSize = view.getUint32(start, little);
  if (recordSize < RECORD_MINIMUM) return null;
  for (let at = start + 4; at < end;) {
    if (at + 8 > end) return null;
    const name = btfString(btf, view.getUint32(at, little));
    const count = view.getUint32(at + 4, little);
    at += 8;
    if (at + count * recordSize > end) return null;
    const records = sections.get(name) ?? [];
    for (let index = 0; index < count; index++) records.push(read(at + index * recordSize));
    sections.set(name, records);
    at += count * recordSize;
  }
  return sections;
}

/**
 * Reads a .BTF.ext section; strings come from the object's BTF.
 * @see struct btf_ext_header, struct bpf_line_info and struct bpf_core_relo in the kernel's UAPI and libbpf's headers
 */
export function readBtfExt(bytes: Uint8Array, btf: Btf): BtfExtResult {
  if (bytes.length < MIN_HEADER) return { ok: false, reason: `.BTF.ext of ${bytes.length} bytes is shorter than its header` };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = btf.littleEndian;
  if (view.getUint16(0, little) !== MAGIC) return { ok: false, reason: 'not .BTF.ext: the magic number is missing' };
  const header = view.getUint32(4, little);
  const u32 = (at: number) => view.getUint32(at, little);
  const lines = readRecords(view, btf, header + u32(16), u32(20), (at) => ({
    insnOffset: u32(at),
    file: btfString(btf, u32(at + 4)),
    text: btfString(btf, u32(at + 8)).trim(),
    // The lower ten bits are the column.
    line: u32(at + 12) >>> 10,
  }));
  if (!lines) return { ok: false, reason: 'damaged .BTF.ext: its line information does not fit' };
  const hasCore = header >= CORE_HEADER && bytes.length >= CORE_HEADER;
  const relocations = readRecords(view, btf, header + (hasCore ? u32(24) : 0), hasCore ? u32(28) : 0, (at) => ({
    insnOffset: u32(at),
    typeId: u32(at + 4),
    access: btfString(btf, u32(at + 8)),
    kind: u32(at + 12),
  }));
  if (!relocations) return { ok: false, reason: 'damaged .BTF.ext: its relocations do not fit' };
  return { ok: true, ext: { lines, relocations } };
}
