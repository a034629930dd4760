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

/** The function that begins at an instruction; `typeId` is a BTF function. */
export interface FuncInfo {
  insnOffset: number;
  typeId: number;
}

export interface BtfExt {
  /** By section name, in the order of the file. */
  functions: Map<string, FuncInfo[]>;
  lines: Map<string, LineInfo[]>;
  relocations: Map<string, CoreRelo[]>;
}

export type BtfExtResult = { ok: true; ext: BtfExt } | { ok: false; reason: string };

const MAGIC = 0xeb9f;
const MIN_HEADER = 24;
const CORE_HEADER = 32;
const SECTION_HEADER = 8;

interface Reader<T> {
  /** Bytes of the shortest possible record. Newer records may be longer. */
  minimum: number;
  read: (view: DataView, at: number, btf: Btf) => T;
}

const FUNCTIONS = {
  minimum: 8,
  read: (view, at, { littleEndian }) => ({ insnOffset: view.getUint32(at, littleEndian), typeId: view.getUint32(at + 4, littleEndian) }),
} as const satisfies Reader<FuncInfo>;

const LINES = {
  minimum: 16,
  read: (view, at, btf) => ({
    insnOffset: view.getUint32(at, btf.littleEndian),
    file: btfString(btf, view.getUint32(at + 4, btf.littleEndian)),
    text: btfString(btf, view.getUint32(at + 8, btf.littleEndian)).trim(),
    // The lower ten bits are the column.
    line: view.getUint32(at + 12, btf.littleEndian) >>> 10,
  }),
} as const satisfies Reader<LineInfo>;

const RELOCATIONS = {
  minimum: 16,
  read: (view, at, btf) => ({
    insnOffset: view.getUint32(at, btf.littleEndian),
    typeId: view.getUint32(at + 4, btf.littleEndian),
    access: btfString(btf, view.getUint32(at + 8, btf.littleEndian)),
    kind: view.getUint32(at + 12, btf.littleEndian),
  }),
} as const satisfies Reader<CoreRelo>;

/** Bytes of `.BTF.ext` that hold records of one kind. */
interface Subsection {
  start: number;
  length: number;
}

/** Reads the records of one subsection; null if its sizes do not fit. */
function readRecords<T>(view: DataView, btf: Btf, { start, length }: Subsection, { minimum, read }: Reader<T>): Map<string, T[]> | null {
  const sections = new Map<string, T[]>();
  if (length === 0) return sections;
  const end = start + length;
  if (length < 4 || end > view.byteLength) return null;
  const recordSize = view.getUint32(start, btf.littleEndian);
  if (recordSize < minimum || recordSize % 4 !== 0) return null;
  for (let at = start + 4; at < end;) {
    if (at + SECTION_HEADER > end) return null;
    const name = btfString(btf, view.getUint32(at, btf.littleEndian));
    const count = view.getUint32(at + 4, btf.littleEndian);
    at += SECTION_HEADER;
    if (count === 0 || at + count * recordSize > end) return null;
    const records = sections.get(name) ?? [];
    for (let index = 0; index < count; index++) records.push(read(view, at + index * recordSize, btf));
    sections.set(name, records);
    at += count * recordSize;
  }
  return sections;
}

/**
 * Reads a .BTF.ext section; strings come from the object's BTF, whose byte order it must have.
 * @see struct btf_ext_header, struct bpf_func_info, struct bpf_line_info and struct bpf_core_relo in the kernel's UAPI and libbpf's headers
 */
export function readBtfExt(bytes: Uint8Array, btf: Btf): BtfExtResult {
  if (bytes.length < MIN_HEADER) return { ok: false, reason: `.BTF.ext of ${bytes.length} bytes is shorter than its header` };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number) => view.getUint32(at, btf.littleEndian);
  if (view.getUint16(0, btf.littleEndian) !== MAGIC) return { ok: false, reason: 'not .BTF.ext: the magic number is missing' };
  const header = u32(4);
  if (header < MIN_HEADER || header > bytes.length) return { ok: false, reason: `damaged .BTF.ext: a header of ${header} bytes` };
  const subsection = (at: number): Subsection => ({ start: header + u32(at), length: u32(at + 4) });
  const functions = readRecords(view, btf, subsection(8), FUNCTIONS);
  if (!functions) return { ok: false, reason: 'damaged .BTF.ext: its function information does not fit' };
  const lines = readRecords(view, btf, subsection(16), LINES);
  if (!lines) return { ok: false, reason: 'damaged .BTF.ext: its line information does not fit' };
  if (header < CORE_HEADER) return { ok: true, ext: { functions, lines, relocations: new Map() } };
  const relocations = readRecords(view, btf, subsection(24), RELOCATIONS);
  if (!relocations) return { ok: false, reason: 'damaged .BTF.ext: its relocations do not fit' };
  return { ok: true, ext: { functions, lines, relocations } };
}
