// Reads BTF: the position of each type. A type is decoded only on request.
import { BTF_KINDS, type BtfKind, type Trailing, TRAILING } from './kinds.ts';

/** BTF of an object, a kernel, or a module on top of its kernel's. Read types with the functions of types.ts. */
export interface Btf {
  readonly littleEndian: boolean;
  /** The base BTF whose ids and strings this one continues; null for standalone BTF. */
  readonly base: Btf | null;
  /** The first id in this BTF: 1, or the id after the last one of its base. */
  readonly startId: number;
  /** One past the last type id. */
  readonly endId: number;
  /** The type section in this machine's byte order: all its fields have 32 bits. */
  readonly words: Uint32Array;
  /** Where each type of this BTF begins in `words`, starting with `startId`. */
  readonly starts: Uint32Array;
  readonly strings: Buffer;
  /** The offset of the first string of this BTF: 0, or the end of the base's strings. */
  readonly stringStart: number;
  /** Bytes of a pointer if the caller knows it; null to derive it from the types. */
  readonly pointerSize: 4 | 8 | null;
}

/** A type of some BTF. */
export interface TypeAt {
  btf: Btf;
  id: number;
}

export type BtfResult = { ok: true; btf: Btf } | { ok: false; reason: string };

interface Header {
  little: boolean;
  types: Uint8Array;
  strings: Buffer;
  /** The sizes of types whose kinds are newer than TRAILING. */
  layout: readonly Trailing[];
}

const MAGIC = 0xeb9f;
const MIN_HEADER = 24;
const LAYOUT_HEADER = 32;
const LAYOUT_ENTRY = 4;
const HEAD_WORDS = 3;
/** Longer strings are cut. No name or line is longer, and decoding damaged data must not take long. */
const MAX_STRING = 4096;

const MODULES = "BTF of a module, which only its kernel's completes: name a folder with that as vmlinux and the module beside it";

const KIND_BITS = 0x7f;
const VLEN_BITS = 0xffffff;
const HOST_IS_LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

function orderOf(view: DataView): boolean | null {
  if (view.getUint16(0, true) === MAGIC) return true;
  return view.getUint16(0, false) === MAGIC ? false : null;
}

/** Sizes of kinds by number, from the layout section. Newer BTF has it so that older readers can skip unknown kinds. */
function readLayout(view: DataView, start: number, length: number): Trailing[] {
  return Array.from({ length: Math.min(Math.floor(length / LAYOUT_ENTRY), KIND_BITS + 1) }, (_, kind) => {
    const at = start + kind * LAYOUT_ENTRY;
    return [view.getUint8(at) / 4, view.getUint8(at + 1) / 4];
  });
}

function readHeader(bytes: Uint8Array): Header | string {
  if (bytes.length < MIN_HEADER) return `BTF of ${bytes.length} bytes is shorter than its header`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = orderOf(view);
  if (little === null) return 'not BTF: the magic number is missing';
  const headerLength = view.getUint32(4, little);
  const section = (at: number) => [headerLength + view.getUint32(at, little), view.getUint32(at + 4, little)] as const;
  const [typeStart, typeLength] = section(8);
  const [stringStart, stringLength] = section(16);
  const fits = typeStart + typeLength <= bytes.length && stringStart + stringLength <= bytes.length;
  if (headerLength < MIN_HEADER || !fits) return 'truncated BTF: its sections lie beyond the end';
  if (typeLength % 4 !== 0) return 'damaged BTF: its type section does not end with a type';
  const [layoutStart, layoutLength] = headerLength < LAYOUT_HEADER ? [0, 0] : section(24);
  const { buffer, byteOffset } = bytes;
  return {
    little,
    types: bytes.subarray(typeStart, typeStart + typeLength),
    strings: Buffer.from(buffer, byteOffset + stringStart, stringLength),
    layout: layoutStart + layoutLength <= bytes.length ? readLayout(view, layoutStart, layoutLength) : [],
  };
}

/** Strings of standalone BTF begin with the empty string; strings of a module continue those of its kernel. */
function isModules({ strings }: Header): boolean {
  return strings.length > 0 && strings[0] !== 0;
}

/** The type section as words. It is copied only if its byte order or its position requires that. */
function wordsOf({ types, little }: Header): Uint32Array {
  const isNative = little === HOST_IS_LITTLE;
  if (isNative && types.byteOffset % 4 === 0) return new Uint32Array(types.buffer, types.byteOffset, types.length / 4);
  const copy = Buffer.from(types);
  if (!isNative) copy.swap32();
  const aligned = new Uint8Array(copy.length);
  aligned.set(copy);
  return new Uint32Array(aligned.buffer);
}

/** The start of each type, and the end of the last one; or the reason why the section cannot be read. */
function findTypes(words: Uint32Array, layout: readonly Trailing[], startId: number): Uint32Array | string {
  // No type is shorter than its head.
  const starts = new Uint32Array(words.length / HEAD_WORDS + 1);
  let count = 0;
  for (let at = 0; at < words.length; count++) {
    const info = words[at + 1];
    if (info === undefined || at + HEAD_WORDS > words.length) return `truncated BTF: type ${startId + count} has no room`;
    const kind = (info >>> 24) & KIND_BITS;
    const trailing = TRAILING[kind] ?? layout[kind];
    if (!trailing) return `BTF type ${startId + count} is of kind ${kind}, which is not known`;
    starts[count] = at;
    at += HEAD_WORDS + trailing[0] + trailing[1] * (info & VLEN_BITS);
    if (at > words.length) return `truncated BTF: type ${startId + count} is cut off`;
  }
  return starts.subarray(0, count);
}

/**
 * Reads a BTF section or file of either byte order. The length in the header skips unknown parts of it, and the layout section skips
 * types of unknown kinds.
 * @param base the BTF of the kernel, for the BTF of a module
 * @param known the starts of its types, from an earlier reading of the same bytes
 * @see Documentation/bpf/btf.rst in the kernel tree, include/uapi/linux/btf.h
 */
export function readBtf(bytes: Uint8Array, base: Btf | null = null, known: Uint32Array | null = null): BtfResult {
  const header = readHeader(bytes);
  if (typeof header === 'string') return { ok: false, reason: header };
  if (base === null && isModules(header)) return { ok: false, reason: MODULES };
  const words = wordsOf(header);
  const startId = base?.endId ?? 1;
  const starts = known ?? findTypes(words, header.layout, startId);
  if (typeof starts === 'string') return { ok: false, reason: starts };
  const btf = {
    littleEndian: header.little,
    base,
    startId,
    endId: startId + starts.length,
    words,
    starts,
    strings: header.strings,
    stringStart: base === null ? 0 : base.stringStart + base.strings.length,
    pointerSize: base?.pointerSize ?? null,
  };
  return { ok: true, btf };
}

/** The string at an offset of the string section, '' if it is outside. */
export function btfString(btf: Btf, offset: number): string {
  if (btf.base !== null && offset < btf.stringStart) return btfString(btf.base, offset);
  const start = offset - btf.stringStart;
  if (start >= btf.strings.length) return '';
  const end = btf.strings.indexOf(0, start);
  return btf.strings.toString('utf8', start, Math.min(end < 0 ? btf.strings.length : end, start + MAX_STRING));
}

/** Word number `at` of a type; 0 for id 0 (void) and for unknown ids. */
export function typeWord(btf: Btf, id: number, at: number): number {
  if (btf.base !== null && id < btf.startId) return typeWord(btf.base, id, at);
  const start = btf.starts[id - btf.startId];
  return start === undefined ? 0 : (btf.words[start + at] ?? 0);
}

/** The kind of a type; `void` for id 0 and for unknown ids. */
export function kindOf(btf: Btf, id: number): BtfKind {
  return BTF_KINDS[(typeWord(btf, id, 1) >>> 24) & KIND_BITS] ?? 'unknown';
}

/** The name of a type, '' if it has none. */
export function nameOf(btf: Btf, id: number): string {
  return btfString(btf, typeWord(btf, id, 0));
}

/** How many members, enumerators, parameters or variables a type has; the linkage of a function. */
export function vlenOf(btf: Btf, id: number): number {
  return typeWord(btf, id, 1) & VLEN_BITS;
}

/** The flag of a type. Its meaning depends on the kind: it has bitfields, has signed enumerators, or declares a union. */
export function kindFlag(btf: Btf, id: number): boolean {
  return typeWord(btf, id, 1) >>> 31 === 1;
}
